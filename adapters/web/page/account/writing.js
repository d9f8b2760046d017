/**
 * What the user writes. A message is stored and shown before it is sent, and waits, even after the
 * page is closed, until the server has it or the user drops it. It tells: `changed`, and `wrote`
 * for each new message.
 *
 * @import {Frame, Key} from "../protocol/protocol.js"
 * @import {Chats, Unsent} from "../model/chats.js"
 * @import {Session} from "../session/session.js"
 * @import {Store} from "../store/store.js"
 */

import { MSG, newCid, where } from "../protocol/protocol.js";
import { Emitter } from "../session/emitter.js";

export class Writing extends Emitter {
  /** @param {Session} session @param {Store} store @param {Chats} chats */
  constructor(session, store, chats) {
    super();
    this._session = session;
    this._store = store;
    this._chats = chats;
    session.on("sent", ({ message, ack }) => this._sent(message, ack));
    session.on("refused", ({ message, error }) => this._refused(message, error.error));
  }

  /** Go on with what an earlier page has not sent. */
  async restore() {
    for (const message of await this._store.unsent()) {
      this._chats.wrote(message);
      if (!message.error) this._session.send(message);
    }
  }

  /** @param {Key} key @param {string} text */
  send(key, text) {
    const time = Date.now();
    const cid = newCid(time, crypto.getRandomValues(new Uint8Array(8)));
    const message = { cid, key, text, time };
    this._store.queue(message);
    this._chats.wrote(message);
    this._session.send(message);
    this.emit("changed");
    this.emit("wrote", message);
  }

  /** Send a refused message as a new one. @param {Unsent} message */
  sendAgain(message) {
    this.discard(message);
    this.send(message.key, message.text);
  }

  /** @param {Unsent} message */
  discard(message) {
    this._chats.unsent.delete(message.cid);
    this._store.unqueue(message.cid);
    this.emit("changed");
  }

  /** Tell others that the user is typing. @param {Key} key */
  typing(key) {
    this._session.say({ msgid: MSG.TYPING, ...where(key) });
  }

  /** An entry was pushed: if it waits here, it no longer does. @param {string} cid */
  pushed(cid) {
    if (this._chats.unsent.has(cid)) this._store.unqueue(cid);
  }

  /** @param {Unsent} message @param {Frame} ack */
  _sent(message, ack) {
    const entry = this._chats.sent(message.cid, ack.at, ack.time);
    if (entry) this._store.remember([entry]);
    this._store.unqueue(message.cid);
    this.emit("changed");
  }

  /** @param {Unsent} message @param {string} error */
  _refused(message, error) {
    const failed = { ...message, error };
    this._chats.wrote(failed);
    this._store.queue(failed);
    this.emit("changed");
  }
}

/** The draft of each conversation. It tells: `changed`. */
export class Drafts extends Emitter {
  /** @param {Store} store */
  constructor(store) {
    super();
    this._store = store;
    /** @type {Map<Key, string>} */
    this.texts = new Map();
  }

  async restore() {
    this.texts = await this._store.drafts();
  }

  /** What this tab knows; "" if there is none. @param {Key} key */
  of(key) {
    return this.texts.get(key) ?? "";
  }

  /** The latest draft, perhaps of another tab. @param {Key} key */
  read(key) {
    return this._store.draft(key);
  }

  /** @param {Key} key @param {string} text */
  keep(key, text) {
    if (text === this.of(key)) return; // another tab may have written another since
    if (text) this.texts.set(key, text);
    else this.texts.delete(key);
    this._store.keepDraft(key, text).catch(() => {}); // it is shown, and kept with the next change
    this.emit("changed");
  }
}
