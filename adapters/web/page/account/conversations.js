/**
 * The list of its user's conversations, page by page. The first page is kept, to be shown before
 * there is a connection. It tells: `changed`.
 *
 * @import {Chats} from "../model/chats.js"
 * @import {Session} from "../session/session.js"
 * @import {Store} from "../store/store.js"
 */

import { MSG } from "../protocol/protocol.js";
import { Emitter } from "../session/emitter.js";

const FIRST_PAGE = "conversations";

export class Conversations extends Emitter {
  /**
   * @param {Pick<Session, "ask">} session
   * @param {Pick<Store, "value" | "keep">} store
   * @param {Pick<Chats, "listed" | "next">} chats
   */
  constructor(session, store, chats) {
    super();
    this._session = session;
    this._store = store;
    this._chats = chats;
  }

  async restore() {
    const kept = await this._store.value(FIRST_PAGE);
    if (kept) this._chats.listed(kept);
  }

  /** Throws Refused and Lost. */
  async load() {
    const first = await this._session.ask({ msgid: MSG.CONVERSATIONS });
    this._chats.listed(first);
    this.emit("changed");
    await this._store.keep(FIRST_PAGE, first);
  }

  /** Ask for those behind what is listed. Throws Refused and Lost. */
  async loadMore() {
    const before = this._chats.next;
    if (before === null) return;
    this._chats.listed(await this._session.ask({ msgid: MSG.CONVERSATIONS, before }));
    this.emit("changed");
  }
}
