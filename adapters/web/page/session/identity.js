/**
 * What a session needs from the browser, and who was here before: in this tab, which takes
 * precedence, or in this browser if the user has chosen that. Two tabs may belong to two users, or
 * to one session.
 *
 * @import {Identity, Session} from "./session.js"
 */

import { MSG, hex } from "../protocol/protocol.js";

const IDENTITY = "chat.identity";

/** @returns {Identity | null} */
export const keptIdentity = () => read(sessionStorage[IDENTITY]) ?? read(localStorage[IDENTITY]);

/** Beyond this tab only if the user asks for that, or did before. @param {Identity} me */
export function keepIdentity(me, remember = isOf(localStorage[IDENTITY], me)) {
  (remember ? localStorage : sessionStorage)[IDENTITY] = JSON.stringify(me);
}

/** Forget this session, and no other of this browser. @param {Identity} me */
export function forgetIdentity(me) {
  delete sessionStorage[IDENTITY];
  if (isOf(localStorage[IDENTITY], me)) delete localStorage[IDENTITY];
}

/**
 * The latest token of a session: another tab may have got a later one, and the server takes a
 * client with an older one for a thief.
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
 * Change the password; this session gets another token. Throws Refused and Lost.
 * @param {Session} session @param {string} old @param {string} next
 */
export async function changePassword(session, old, next) {
  const ack = await session.ask({ msgid: MSG.CHANGE_PASSWORD, old, new: next });
  if (!session.me) return;
  session.me.token = ack.token;
  keepIdentity(session.me);
}

/** The chat is at the page's own origin. @param {string} page its address */
export function addressOf(page) {
  const url = new URL("chat", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

export const connect = () => new WebSocket(addressOf(location.href));

/**
 * A name for this device in a list of devices.
 * @param {string} userAgent @param {Uint8Array} random what tells it from others of its kind
 */
export function deviceName(userAgent, random) {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "Browser";
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(userAgent)?.[1] ?? "";
  return `${browser} ${system} ${hex(random)}`.replace(/\s+/g, " ");
}
