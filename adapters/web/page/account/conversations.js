/**
 * The user's conversations: the list of them, page by page, and the messages of each. What this
 * browser has kept is shown first; what the server sends replaces it, and is kept.
 *
 * @import {Entry, Key} from "../protocol/protocol.js"
 * @import {Chats} from "../model/chats.js"
 * @import {Session} from "../session/session.js"
 * @import {Store} from "../store/store.js"
 */

import { MSG, where } from "../protocol/protocol.js";
import { Emitter } from "../session/emitter.js";

const FIRST_PAGE = "conversations";
const PAGE = 60; // messages at a time

/** Only the first page is kept. It tells: `changed`. */
export class Conversations extends Emitter {
  /** @param {Session} session @param {Store} store @param {Chats} chats */
  constructor(session, store, chats) {
    super();
    this._session = session;
    this._store = store;
    this._chats = chats;
    this.listed = false; // whether the server has answered since the page was opened
    session.on("online", () => chats.told.clear());
  }

  async restore() {
    const kept = await this._store.value(FIRST_PAGE);
    if (kept) this._chats.listed(kept);
  }

  /** Throws Refused and Lost. */
  async load() {
    this._store.keep(FIRST_PAGE, await this._load()).catch(() => {});
  }

  /** Ask for the next page. Throws Refused and Lost. */
  async loadMore() {
    if (this._chats.next !== null) await this._load(this._chats.next);
  }

  /** Read marks that did not reach the server are sent again. @param {number} [before] */
  async _load(before) {
    const page = await this._session.ask({ msgid: MSG.CONVERSATIONS, before });
    const unheard = this._chats.listed(page);
    this.listed = true;
    for (const { key, read: at } of unheard) this._session.say({ msgid: MSG.READ, ...where(key), at });
    this.emit("changed");
    return page;
  }
}

/** It tells: `changed`. */
export class History extends Emitter {
  /** @param {Session} session @param {Store} store @param {Chats} chats */
  constructor(session, store, chats) {
    super();
    this._session = session;
    this._store = store;
    this._chats = chats;
    /** @type {Set<Key>} what was loaded before this connection */
    this._before = new Set();
    session.on("online", () => {
      const loaded = [...chats.all.values()].filter((chat) => chat.loaded);
      this._before = new Set(loaded.map((chat) => chat.key));
    });
  }

  /** Show what is kept of it until the server answers. @param {Key} key */
  async restore(key) {
    this._chats.remembered(key, await this._store.latest(key, Number.MAX_SAFE_INTEGER, PAGE));
  }

  /** The same in place of what is loaded: its end is wanted. @param {Key} key */
  restoreNewest(key) {
    this._chats.unload(key);
    return this.restore(key);
  }

  /** Whether its unread messages begin before its newest page. @param {Key} key */
  hasManyNews(key) {
    return this._chats.chat(key).unread > PAGE;
  }

  /**
   * Load what it opens with: the place where unread messages begin, or the newest page if that has
   * all of them. Nothing counts as loaded before all has come, since an end that is not shown is
   * not read. A later caller, such as a new connection, leaves what is loaded by then, and is told
   * so: it returns false. Throws Refused and Lost, as the three below.
   * @param {Key} key
   */
  async loadOpening(key) {
    const newest = await this._ask(key);
    const chat = this._chats.chat(key);
    if (chat.loaded) return false;
    const read = Math.max(chat.read, newest.read ?? 0);
    const begins = newest.entries[0]?.at ?? 0;
    if (!chat.unread || !newest.more || begins <= read) return this._keep(this._chats.paged(newest, "newest"));
    const [above, below] = await Promise.all([
      this._ask(key, { before: read + 1 }),
      this._ask(key, { after: read }),
    ]);
    if (chat.loaded) return false;
    this._chats.paged(newest, "newest"); // who else has read it is there alone
    return this._keep(this._chats.pagedAround(above, below));
  }

  /** @param {Key} key */
  async loadNewest(key) {
    return this._keep(this._chats.paged(await this._ask(key), "newest"));
  }

  /**
   * How far others have read it, once in a connection: what they read before that is not told again.
   * Throws Refused and Lost.
   * @param {Key} key
   */
  async loadMarks(key) {
    if (!this._before.has(key)) return;
    this._chats.markedIn(await this._ask(key, { limit: 1 }));
    this._before.delete(key);
    this.emit("changed");
  }

  /**
   * Before the first that is loaded, if it still is: otherwise there would be a gap.
   * @param {Key} key
   * @param {number} before
   */
  async loadOlder(key, before) {
    const page = await this._ask(key, { before });
    const { messages } = this._chats.chat(key);
    if (messages[0]?.at === before) this._keep(this._chats.paged(page, "older"));
  }

  /** After the last, likewise. @param {Key} key @param {number} after */
  async loadNewer(key, after) {
    const page = await this._ask(key, { after });
    const { messages } = this._chats.chat(key);
    if (messages.at(-1)?.at === after) this._keep(this._chats.paged(page, "newer"));
  }

  /** @param {Key} key @param {object} [place] */
  _ask(key, place) {
    return this._session.ask({ msgid: MSG.HISTORY, ...where(key), limit: PAGE, ...place });
  }

  /**
   * Entries are shown before they are kept; if not kept, they are fetched again.
   * @param {Entry[]} entries
   */
  _keep(entries) {
    this.emit("changed");
    this._store.remember(entries).catch(() => {});
    return true;
  }
}
