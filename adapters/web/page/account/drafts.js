/**
 * What is written and not sent, of each conversation. It tells: `changed`.
 *
 * @import {Key} from "../protocol/protocol.js"
 * @import {Store} from "../store/store.js"
 */

import { Emitter } from "../session/emitter.js";

export class Drafts extends Emitter {
  /** @param {Pick<Store, "draft" | "drafts" | "keepDraft">} store */
  constructor(store) {
    super();
    this._store = store;
    /** @type {Map<Key, string>} */
    this._texts = new Map();
  }

  async restore() {
    this._texts = await this._store.drafts();
  }

  /** What this tab knows of; "" if there is none. @param {Key} key */
  of(key) {
    return this._texts.get(key) ?? "";
  }

  /** What was written last, in another tab perhaps. @param {Key} key */
  read(key) {
    return this._store.draft(key);
  }

  /** @param {Key} key @param {string} text */
  keep(key, text) {
    if (text) this._texts.set(key, text);
    else this._texts.delete(key);
    this._store.keepDraft(key, text);
    this.emit("changed");
  }
}
