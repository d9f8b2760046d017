/**
 * One connection: requests with their answers, and all other frames of the server.
 *
 * @import {Frame} from "../protocol/protocol.js"
 *
 * @typedef {object} SocketLike what is used of a WebSocket
 * @property {(data: string) => void} send
 * @property {() => void} close
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 */

import { MSG } from "../protocol/protocol.js";

export const ANSWERED_WITHIN = 10_000; // ms
export const PING_AFTER = 20_000; // ms without a frame
export const GIVE_UP_AFTER = 60_000;

/** The server has refused a request. */
export class Refused extends Error {
  /** @param {Frame} frame */
  constructor(frame) {
    super(frame.errmsg ?? frame.error);
    /** @type {string} its name in the protocol's table */
    this.error = frame.error;
  }
}

/** There is no connection, or no answer; whether the request was carried out is unknown. */
export class Lost extends Error {}

export class Line {
  /**
   * @param {SocketLike} socket
   * @param {(frame: Frame) => void} heard told of what answers nothing
   * @param {(code: number) => void} closed told once
   */
  constructor(socket, heard, closed) {
    this._socket = socket;
    this._heard = heard;
    this._closed = closed;
    this._seq = 0;
    /** @type {Map<number, {done: (frame: Frame) => void, failed: (error: Error) => void, timer: any}>} */
    this._asked = new Map();
    this.open = false;
    this._lastHeard = 0;
    socket.onmessage = (event) => this._message(event.data);
    socket.onclose = (event) => this._end(event.code ?? 1006);
  }

  /** @returns {Promise<void>} */
  opened() {
    return new Promise((done, failed) => {
      const timer = setTimeout(() => this.close(), ANSWERED_WITHIN);
      this._failOpening = () => failed(new Lost());
      this._socket.onopen = () => {
        clearTimeout(timer);
        this.open = true;
        this._lastHeard = Date.now();
        this._clock = setInterval(() => this._tick(Date.now()), 5_000);
        done();
      };
    });
  }

  /** @param {Frame} frame @returns {Promise<Frame>} */
  ask(frame) {
    if (!this.open) return Promise.reject(new Lost());
    const seq = (this._seq += 1);
    return new Promise((done, failed) => {
      const timer = setTimeout(() => this.close(), ANSWERED_WITHIN); // a node may hang
      this._asked.set(seq, { done, failed, timer });
      this.say({ ...frame, seq });
    });
  }

  /** @param {Frame} frame */
  say(frame) {
    if (this.open) this._socket.send(JSON.stringify(frame));
  }

  close() {
    this._socket.close();
    this._end(1006); // who does not answer does not answer to this either
  }

  /** @param {string} data */
  _message(data) {
    this._lastHeard = Date.now();
    /** @type {Frame} */
    const frame = JSON.parse(data);
    const asked = this._asked.get(frame.seq);
    if (!asked) {
      this._heard(frame);
      return;
    }
    this._asked.delete(frame.seq);
    clearTimeout(asked.timer);
    if (frame.msgid === MSG.ERROR || frame.errno) asked.failed(new Refused(frame));
    else asked.done(frame);
  }

  /** @param {number} now */
  _tick(now) {
    const silence = now - this._lastHeard;
    if (silence >= GIVE_UP_AFTER) this.close();
    else if (silence >= PING_AFTER) this.say({ msgid: MSG.PING });
  }

  /** @param {number} code */
  _end(code) {
    if (this._ended) return;
    this._ended = true;
    this.open = false;
    clearInterval(this._clock);
    this._failOpening?.();
    for (const one of this._asked.values()) {
      clearTimeout(one.timer);
      one.failed(new Lost());
    }
    this._asked.clear();
    this._closed(code);
  }

  _ended = false;
  /** @type {any} */
  _clock;
  /** @type {(() => void) | undefined} */
  _failOpening;
}
