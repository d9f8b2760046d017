/**
 * What a session has to know of the browser that it is in, and who was there before: in this tab,
 * which goes first, or in this browser if its user has asked for that. Two tabs may be of two users,
 * or of one session.
 *
 * @import {Identity, Session} from "./session.js"
 */

import { MSG } from "../protocol/protocol.js";

const IDENTITY = "chat.identity";

/** @returns {Identity | null} */
export const keptIdentity = () => read(sessionStorage[IDENTITY]) ?? read(localStorage[IDENTITY]);

/**
 * Beyond this tab only where its user asks for that, or had before.
 * @param {Identity} me
 */
export function keepIdentity(me, remember = isOf(localStorage[IDENTITY], me)) {
  (remember ? localStorage : sessionStorage)[IDENTITY] = JSON.stringify(me);
}

/** Of other sessions of this browser nothing is forgotten. @param {Identity} me */
export function forgetIdentity(me) {
  delete sessionStorage[IDENTITY];
  if (isOf(localStorage[IDENTITY], me)) delete localStorage[IDENTITY];
}

/**
 * By what a session goes on: another tab that is in it may have been given a later token, and then
 * whoever comes with the one before is taken for a thief.
 * @param {Identity} me
 */
export function newestToken(me) {
  const kept = localStorage[IDENTITY];
  return isOf(kept, me) ? read(kept).token : me.token;
}

/** @param {string | null | undefined} kept @param {Identity} me */
const isOf = (kept, me) => read(kept)?.session === me.session;

/** @param {string | null | undefined} kept */
function read(kept) {
  try {
    return JSON.parse(kept ?? "null");
  } catch {
    return null; // somebody has written something else there
  }
}

/**
 * Change the password: this session goes on by another token. Throws Refused and Lost.
 * @param {Session} session @param {string} old @param {string} next
 */
export async function changePassword(session, old, next) {
  const ack = await session.ask({ msgid: MSG.CHANGE_PASSWORD, old, new: next });
  if (!session.me) return;
  session.me.token = ack.token;
  keepIdentity(session.me);
}

/** Where the page comes from is where the chat is. @param {string} page its address */
export function addressOf(page) {
  const url = new URL("chat", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

export const connect = () => new WebSocket(addressOf(location.href));

/**
 * What a user may call a device in a list of devices.
 * @param {string} userAgent @param {Uint8Array} random what tells it from others of its kind
 */
export function deviceName(userAgent, random) {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "Browser";
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(userAgent)?.[1] ?? "";
  const number = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${browser} ${system} ${number}`.replace(/\s+/g, " ");
}
