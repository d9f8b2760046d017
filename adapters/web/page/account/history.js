/**
 * What was said in a conversation: what this browser has kept, and what the server has. Whatever
 * comes from the server is kept. It tells: `changed`.
 *
 * @import {Entry, Key} from "../protocol/protocol.js"
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
   * @param {Pick<Chats, "chat" | "paged" | "pagedAround" | "remembered" | "unload">} chats
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

  /** The same instead of what is loaded of it: its end is wanted. @param {Key} key */
  restoreNewest(key) {
    this._chats.unload(key);
    return this.restore(key);
  }

  /** Whether what is new of it begins before its newest page. @param {Key} key */
  hasManyNews(key) {
    return this._chats.chat(key).unread > PAGE;
  }

  /**
   * Load what it opens with: where what is new begins, or the newest where all of that is new is
   * among them. Nothing counts as loaded before all is here: the end that is not shown is not read.
   * Whoever comes later, as a new connection does, leaves what is loaded by then as it is.
   * Throws Refused and Lost, as the three below. @param {Key} key
   */
  async loadOpening(key) {
    const newest = await this._ask(key);
    const chat = this._chats.chat(key);
    if (chat.loaded) return;
    const read = Math.max(chat.read, newest.read ?? 0);
    const begins = newest.entries[0]?.at ?? 0;
    if (!chat.unread || !newest.more || begins <= read) return this._keep(this._chats.paged(newest, "newest"));
    const [above, below] = await Promise.all([
      this._ask(key, { before: read + 1 }),
      this._ask(key, { after: read }),
    ]);
    if (chat.loaded) return;
    this._chats.paged(newest, "newest"); // who else has read it is there alone
    this._keep(this._chats.pagedAround(above, below));
  }

  /** @param {Key} key */
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
    this._keep(this._chats.paged(await this._ask(key, place), which));
  }

  /** @param {Key} key @param {object} [place] */
  _ask(key, place) {
    return this._session.ask({ msgid: MSG.HISTORY, ...where(key), ...place, limit: PAGE });
  }

  /** It is shown before it is kept; what is not kept is asked for once more. @param {Entry[]} entries */
  _keep(entries) {
    this.emit("changed");
    this._store.remember(entries).catch(() => {});
  }
}
