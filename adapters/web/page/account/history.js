/**
 * What was said in a conversation: what this browser has kept, and what the server has. Whatever
 * comes from the server is kept. It tells: `changed`.
 *
 * @import {Key} from "../protocol/protocol.js"
 * @import {Chats} from "../model/chats.js"
 * @import {Session} from "../session/session.js"
 * @import {Store} from "../store/store.js"
 */

import { MSG, where } from "../protocol/protocol.js";
import { Emitter } from "../session/emitter.js";

const PAGE = 60; // messages at a time

export class History extends Emitter {
  /**
   * @param {Pick<Session, "ask">} session
   * @param {Pick<Store, "latest" | "remember">} store
   * @param {Pick<Chats, "paged" | "remembered">} chats
   */
  constructor(session, store, chats) {
    super();
    this._session = session;
    this._store = store;
    this._chats = chats;
  }

  /** Show what is kept of it, until the server says more. @param {Key} key */
  async restore(key) {
    this._chats.remembered(key, await this._store.latest(key, Number.MAX_SAFE_INTEGER, PAGE));
  }

  /** Throws Refused and Lost, as the two below. @param {Key} key */
  loadNewest(key) {
    return this._load(key, "newest");
  }

  /** @param {Key} key @param {number} before */
  loadOlder(key, before) {
    return this._load(key, "older", { before });
  }

  /** @param {Key} key @param {number} after */
  loadNewer(key, after) {
    return this._load(key, "newer", { after });
  }

  /** @param {Key} key @param {"newest" | "older" | "newer"} which @param {object} [place] */
  async _load(key, which, place) {
    const asked = { msgid: MSG.HISTORY, ...where(key), ...place, limit: PAGE };
    const entries = this._chats.paged(await this._session.ask(asked), which);
    this.emit("changed");
    // It is shown before it is kept; what is not kept is asked for once more.
    this._store.remember(entries).catch(() => {});
  }
}
