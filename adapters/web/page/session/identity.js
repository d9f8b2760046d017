/**
 * Who was here before: in this tab, or in this browser if its user has asked for that.
 *
 * @import {Identity, Session} from "./session.js"
 */

import { MSG } from "../protocol/protocol.js";

const IDENTITY = "chat.identity";

/** @returns {Identity | null} */
export function keptIdentity() {
  const kept = localStorage[IDENTITY] ?? sessionStorage[IDENTITY];
  return kept ? JSON.parse(kept) : null;
}

/**
 * Beyond this tab only where its user has asked for that, or had before.
 * @param {Identity} me
 */
export function keepIdentity(me, remember = IDENTITY in localStorage) {
  (remember ? localStorage : sessionStorage)[IDENTITY] = JSON.stringify(me);
}

export function forgetIdentity() {
  delete localStorage[IDENTITY];
  delete sessionStorage[IDENTITY];
}

/** Whether another tab has forgotten it. @param {StorageEvent} event */
export const isForgotten = (event) => event.key === IDENTITY && event.newValue === null;

/**
 * Change the password: this session goes on by another token. Throws Refused and Lost.
 * @param {Pick<Session, "ask" | "me">} session @param {string} old @param {string} next
 */
export async function changePassword(session, old, next) {
  const ack = await session.ask({ msgid: MSG.CHANGE_PASSWORD, old, new: next });
  if (!session.me) return;
  session.me.token = ack.token;
  keepIdentity(session.me);
}
