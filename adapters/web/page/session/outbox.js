/**
 * The messages that the server does not have yet. They are sent in the order in which they were
 * written: one refused only for now is sent again before those after it. The server recognizes a
 * second copy by its cid.
 *
 * @import {Frame} from "../protocol/protocol.js"
 * @import {Unsent} from "../model/chats.js"
 * @import {Line} from "./line.js"
 */

import { FOR_THE_MOMENT, MSG, isGroup, where } from "../protocol/protocol.js";
import { Refused } from "./line.js";

export const AT_ONCE = 32; // messages without an answer
export const AGAIN_AFTER = 1_000; // ms

export class Outbox {
  /**
   * @param {(message: Unsent, ack: Frame) => void} sent
   * @param {(message: Unsent, error: Refused) => void} refused
   */
  constructor(sent, refused) {
    this._sent = sent;
    this._refused = refused;
    /** @type {Unsent[]} */
    this._waiting = [];
    /** @type {Unsent[]} */
    this._onTheWay = [];
    /** @type {Line | null} */
    this._line = null;
    this._resting = false;
  }

  /** @param {Unsent} message */
  add(message) {
    this._waiting.push(message);
    this._goOn();
  }

  /** It is in the log, sent by another device or by this one before. @param {string} cid */
  drop(cid) {
    this._waiting = this._waiting.filter((one) => one.cid !== cid);
  }

  /** There is a connection; send again what was in flight on the last one. @param {Line} line */
  connected(line) {
    this._line = line;
    this._again();
  }

  disconnected() {
    this._line = null;
  }

  _again() {
    this._waiting = [...this._onTheWay, ...this._waiting];
    this._onTheWay = [];
    this._resting = false;
    this._goOn();
  }

  _goOn() {
    const line = this._line;
    while (line?.open && !this._resting && this._onTheWay.length < AT_ONCE) {
      const message = this._waiting.shift();
      if (!message) return;
      this._onTheWay.push(message);
      this._send(line, message);
    }
  }

  /** @param {Line} line @param {Unsent} message */
  async _send(line, message) {
    const msgid = isGroup(message.key) ? MSG.GROUP_CHAT : MSG.ONE_CHAT;
    try {
      const { cid, text: msg } = message;
      const ack = await line.ask({ msgid, ...where(message.key), msg, cid });
      this._settle(message);
      this._sent(message, ack);
    } catch (error) {
      if (line !== this._line || !(error instanceof Refused)) return; // it comes again
      if (FOR_THE_MOMENT.has(error.error)) {
        this._rest();
        return;
      }
      this._settle(message);
      this._refused(message, error);
    }
    this._goOn();
  }

  /** @param {Unsent} message */
  _settle(message) {
    this._onTheWay = this._onTheWay.filter((one) => one !== message);
  }

  /** Wait until all later ones are answered, and a moment more, then begin with the first. */
  _rest() {
    if (this._resting) return;
    this._resting = true;
    setTimeout(() => this._again(), AGAIN_AFTER);
  }
}
