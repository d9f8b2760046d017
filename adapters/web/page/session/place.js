/**
 * Where this device is in the log: what was pushed is written down here, and only then the server
 * is told that it is taken over.
 *
 * @import {Entry, Frame} from "../protocol/protocol.js"
 *
 * @typedef {object} Kept where this device is in the log, and what is written down of it
 * @property {() => Promise<{since: number, epoch: string}>} place
 * @property {(entries: Entry[], since: number, epoch: string) => Promise<void>} commit
 * @property {(since: number, epoch: string) => Promise<void>} reset
 */

import { MSG } from "../protocol/protocol.js";

export const TAKEN_EVERY = 1_000; // ms
export const TAKEN_AT = 32; // messages, sooner than that

export class Place {
  /**
   * @param {(frame: Frame) => void} say
   * @param {(error: Error) => void} failed told when something cannot be written down
   */
  constructor(say, failed) {
    this._say = say;
    this._failed = failed;
    /** @type {Kept | null} */
    this.kept = null;
    this.epoch = "";
    this._since = 0;
    this._taken = 0;
    this._untaken = 0;
    /** @type {Promise<unknown>} what is being written down */
    this._writing = Promise.resolve();
    /** @type {any} */
    this._timer = null;
  }

  /** Go on from where this device was. @param {Kept} kept */
  async restore(kept) {
    this.kept = kept;
    ({ since: this._since, epoch: this.epoch } = await kept.place());
  }

  /** What a RESUME says of it. @returns {{since?: number, epoch?: string}} */
  get toResume() {
    return this._since ? { since: this._since, epoch: this.epoch } : {};
  }

  /**
   * Positions mean something else from here on: what is written down goes.
   * @param {number} since @param {string} epoch
   */
  begin(since, epoch) {
    [this._since, this.epoch, this._taken] = [since, epoch, 0];
    const begun = this._writing.catch(() => {}).then(() => this.kept?.reset(since, epoch));
    this._writing = begun;
    return begun;
  }

  /** @param {Entry[]} entries ascending */
  pushed(entries) {
    this._since = Math.max(this._since, entries[entries.length - 1].at);
    this._keep(entries);
  }

  /** There is nothing for this user up to there. @param {number} at */
  reached(at) {
    if (at <= this._since) return;
    this._since = at;
    this._keep([]);
  }

  /** What is taken over is not said any more; the next RESUME does. */
  disconnected() {
    clearTimeout(this._timer);
    this._timer = null;
  }

  /** @param {Entry[]} entries */
  _keep(entries) {
    const [since, epoch] = [this._since, this.epoch];
    this._writing = this._writing
      .then(() => this.kept?.commit(entries, since, epoch))
      .then(() => epoch === this.epoch && this._take(since, entries.length))
      .catch(this._failed);
  }

  /** @param {number} at @param {number} count */
  _take(at, count) {
    this._untaken += count;
    this._taken = Math.max(this._taken, at);
    if (this._untaken >= TAKEN_AT) this._sayTaken();
    else this._timer ??= setTimeout(() => this._sayTaken(), TAKEN_EVERY);
  }

  _sayTaken() {
    this.disconnected();
    if (this._untaken) this._say({ msgid: MSG.TAKEN, at: this._taken });
    this._untaken = 0;
  }
}
