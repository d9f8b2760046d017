/**
 * The user's settings, for all devices: what others are told, and which conversations are muted. It
 * tells: `changed`.
 *
 * @import {Frame} from "../protocol/protocol.js"
 * @import {Chat, Chats} from "../model/chats.js"
 * @import {Session} from "../session/session.js"
 */

import { MSG, keyOf, where } from "../protocol/protocol.js";
import { Emitter } from "../session/emitter.js";

export class Preferences extends Emitter {
  /** @param {Session} session @param {Chats} chats */
  constructor(session, chats) {
    super();
    this._session = session;
    this._chats = chats;
    this.hidesRead = false;
    this.hidesTyping = false;
  }

  /** Throws Refused and Lost, as the two below. */
  async load() {
    await this.choose({});
  }

  /** @param {Record<string, unknown>} wanted what is left out stays as it is */
  async choose(wanted) {
    this.heard(await this._session.ask({ msgid: MSG.SETTINGS, ...wanted }));
  }

  /** @param {Chat} chat @param {boolean} muted */
  async mute(chat, muted) {
    await this.choose({ ...where(chat.key), muted });
  }

  /** SETTINGS_ACK, which all devices get. @param {Frame} frame */
  heard(frame) {
    this.hidesRead = frame.hide_read;
    this.hidesTyping = frame.hide_typing;
    if ("muted" in frame) this._chats.mute(keyOf(frame), frame.muted);
    this.emit("changed");
  }
}
