/**
 * The protocol between page and server (docs/protocol.md), without sockets and clocks.
 *
 * A conversation has a key: `u15` is the one with user 15, `g3` that of group 3.
 *
 * @typedef {string} Key
 * @typedef {Record<string, any> & {msgid: number}} Frame
 * @typedef {{what: string, whom: number, name: string}} Change
 * @typedef {object} Entry what is in the log, as this page keeps it
 * @property {number} at its position
 * @property {string} cid
 * @property {Key} key its conversation
 * @property {number} from its author's id; 0: the operator
 * @property {string} name the author's name
 * @property {number} time UTC, in ms
 * @property {string} text empty for changes and deleted messages
 * @property {boolean} deleted
 * @property {Change | null} change
 */

export const MSG = {
  LOGIN: 1000,
  LOGOUT: 1002,
  REGISTER: 1003,
  ONE_CHAT: 1005,
  ADD_FRIEND: 1006,
  CREATE_GROUP: 1007,
  JOIN_GROUP: 1008,
  GROUP_CHAT: 1009,
  ERROR: 1011,
  PING: 1012,
  PONG: 1013,
  TAKEN: 1014,
  RESUME: 1015,
  SESSION_ENDED: 1016,
  PRESENCE: 1017,
  GOING_AWAY: 1018,
  FIND_USER: 1019,
  REMOVE_FRIEND: 1021,
  FRIENDS: 1022,
  GROUPS: 1024,
  MEMBERS: 1026,
  LEAVE_GROUP: 1028,
  CHANGE_PASSWORD: 1029,
  SESSIONS: 1031,
  END_SESSION: 1033,
  NOTICE: 1034,
  RENAME_GROUP: 1035,
  CHANGED: 1037,
  MARKS: 1038,
  CONVERSATIONS: 1039,
  HISTORY: 1041,
  READ: 1043,
  TYPING: 1044,
  SETTINGS: 1045,
  SETTINGS_ACK: 1046,
};

export const MOST_CHARACTERS = 4096; // of a text, as the server counts them: code points

/** Errors after which a request may be repeated unchanged. */
export const FOR_THE_MOMENT = new Set(["try_again", "shutting_down", "too_many_unanswered"]);

/** @param {number} id @returns {Key} */
export const userKey = (id) => `u${id}`;

/** @param {number} id @returns {Key} */
export const groupKey = (id) => `g${id}`;

/** @param {Key} key */
export const isGroup = (key) => key.startsWith("g");

/** @param {Key} key the id of its group, or of the other user */
export const idOf = (key) => Number(key.slice(1));

/** How frames name a conversation. @param {Key} key @returns {{toid?: number, groupid?: number}} */
export const where = (key) => (isGroup(key) ? { groupid: idOf(key) } : { toid: idOf(key) });

/**
 * The conversation of a frame that names it from its receiver's view.
 * @param {Record<string, any>} frame @returns {Key}
 */
export const keyOf = (frame) =>
  frame.groupid ? groupKey(frame.groupid) : userKey(frame.toid ?? 0);

/** Whether a frame is an entry of the log. @param {Frame} frame */
export const isEntry = (frame) =>
  "at" in frame &&
  (frame.msgid === MSG.ONE_CHAT || frame.msgid === MSG.GROUP_CHAT || frame.msgid === MSG.CHANGED);

/**
 * The entry in a frame that was pushed or came in a page of history.
 * @param {Frame} frame @param {number} me own id @returns {Entry}
 */
export function readEntry(frame, me) {
  const between = frame.id === me ? (frame.toid ?? 0) : frame.id;
  return {
    at: frame.at,
    cid: frame.cid,
    key: frame.groupid ? groupKey(frame.groupid) : userKey(between),
    from: frame.id,
    name: frame.name ?? "",
    time: frame.time,
    text: frame.msg ?? "",
    deleted: Boolean(frame.deleted),
    change:
      frame.msgid === MSG.CHANGED
        ? { what: frame.what, whom: frame.whom ?? 0, name: frame.newname ?? "" }
        : null,
  };
}

/**
 * A new message id. It begins with the time, as the server requires.
 * @param {number} now in ms @param {Uint8Array} random 8 bytes
 */
export function newCid(now, random) {
  return `${String(now).padStart(13, "0")}-${hex(random)}`;
}

/** @param {Uint8Array} bytes */
export const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");

/** The part of a typed text that is to be sent, "" for nothing. @param {string} typed */
export function tidied(typed) {
  return typed.replace(/\r\n?/g, "\n").replace(/^\n+|\s+$/g, "");
}

/**
 * A text in pieces that the server accepts, cut between words if possible.
 * @param {string} text @returns {string[]}
 */
export function pieces(text) {
  const characters = Array.from(text);
  const found = [];
  while (characters.length > MOST_CHARACTERS) {
    const head = characters.slice(0, MOST_CHARACTERS);
    const space = Math.max(head.lastIndexOf("\n"), head.lastIndexOf(" "));
    const end = space > MOST_CHARACTERS / 2 ? space + 1 : MOST_CHARACTERS;
    found.push(characters.splice(0, end).join(""));
  }
  found.push(characters.join(""));
  return found.filter((piece) => piece !== "");
}
