/**
 * How far the user has read each conversation, reported to the server at most once a second. It
 * tells: `changed`.
 *
 * @import {Key} from "../protocol/protocol.js"
 * @import {Chats} from "../model/chats.js"
 * @import {Session} from "../session/session.js"
 */

import { MSG, where } from "../protocol/protocol.js";
import { Emitter } from "../session/emitter.js";

export const READ_EVERY = 1_000; // ms

export class Reading extends Emitter {
  /** @param {Session} session @param {Chats} chats */
  constructor(session, chats) {
    super();
    this._session = session;
    this._chats = chats;
    /** @type {Map<Key, number>} what the server is not told of yet */
    this._untold = new Map();
    /** @type {any} */
    this._timer = null;
    session.on("reset", () => this._untold.clear()); // these positions mean nothing any more
  }

  /**
   * The user has seen a conversation up to a position. Ignored without a connection.
   * @param {Key} key @param {number} at
   */
  saw(key, at) {
    if (!this._session.online || !this._chats.haveRead(key, at)) return;
    this._untold.set(key, at);
    this._timer ??= setTimeout(() => this.tell(), READ_EVERY);
    this.emit("changed");
  }

  /** Report at once, as when the user leaves the page. */
  tell() {
    clearTimeout(this._timer);
    this._timer = null;
    for (const [key, at] of this._untold) this._session.say({ msgid: MSG.READ, ...where(key), at });
    this._untold.clear();
  }
}
