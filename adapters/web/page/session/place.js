/**
 * This device's position in the log. Pushed entries are stored here before the server is told that
 * they are taken. What could not be stored is tried again with the next entries, so that neither
 * TAKEN nor RESUME passes an entry that is not stored.
 *
 * @import {Entry, Frame} from "../protocol/protocol.js"
 *
 * @typedef {{since: number, epoch: string}} Upto
 *
 * @typedef {object} Kept where this device is in the log, and what is written down of it
 * @property {() => Promise<Upto>} place
 * @property {(entries: Entry[], since: number, epoch: string) => Promise<void>} commit
 * @property {(since: number, epoch: string) => Promise<void>} reset
 */

import { MSG } from "../protocol/protocol.js";

export const TAKEN_EVERY = 1_000; // ms
export const TAKEN_AT = 32; // messages, sooner than that
export const MOST_UNWRITTEN = 1_000; // messages; what is beyond comes again with the next connection

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
    this._since = 0; // up to there everything was pushed
    /** @type {Upto} up to there everything is written down */
    this._written = { since: 0, epoch: "" };
    /** @type {Upto | null} a beginning that is not written down yet */
    this._begun = null;
    /** @type {Entry[]} what could not be written down */
    this._unwritten = [];
    this._connection = 0;
    this._gaveUpIn = -1; // the connection in which too much could not be written down
    this._taken = 0;
    this._untaken = 0;
    /** @type {Promise<unknown>} what is being written down */
    this._writing = Promise.resolve();
    /** @type {any} */
    this._timer = null;
  }

  /** Go on from this device's position. @param {Kept} kept */
  async restore(kept) {
    this.kept = kept;
    this._written = await kept.place();
    ({ since: this._since, epoch: this.epoch } = this._written);
  }

  /** The fields of a RESUME. @returns {{since?: number, epoch?: string}} */
  get toResume() {
    return this._written.since ? { ...this._written } : {};
  }

  /**
   * Positions have a new meaning: drop what is stored.
   * @param {number} since @param {string} epoch
   */
  begin(since, epoch) {
    [this._since, this.epoch, this._taken, this._untaken] = [since, epoch, 0, 0];
    [this._begun, this._unwritten] = [{ since, epoch }, []];
    return this._inTurn(() => this._writeBeginning());
  }

  /** @param {Entry[]} entries ascending */
  pushed(entries) {
    this._since = Math.max(this._since, entries[entries.length - 1].at);
    this._keep(entries);
  }

  /** There are no entries for this user up to this position. @param {number} at */
  reached(at) {
    if (at <= this._since && !this._begun && !this._unwritten.length) return;
    this._since = Math.max(this._since, at);
    this._keep([]);
  }

  /** Send no more TAKEN; the next RESUME says it. What is not stored will be pushed again. */
  disconnected() {
    this._rest();
    this._connection += 1;
    this._unwritten = [];
    this._since = (this._begun ?? this._written).since;
  }

  /** @param {Entry[]} entries */
  _keep(entries) {
    const [since, epoch, connection] = [this._since, this.epoch, this._connection];
    this._inTurn(() => this._write(entries, since, epoch, connection)).catch(this._failed);
  }

  /** After all that is being stored. @param {() => Promise<void>} work */
  _inTurn(work) {
    const done = this._writing.then(work);
    this._writing = done.catch(() => {});
    return done;
  }

  /** @param {Entry[]} entries @param {number} since @param {string} epoch @param {number} connection */
  async _write(entries, since, epoch, connection) {
    if (epoch !== this.epoch || connection === this._gaveUpIn) return;
    const all = [...this._unwritten, ...entries];
    try {
      await this._writeBeginning();
      await this.kept?.commit(all, since, epoch);
    } catch (error) {
      if (epoch === this.epoch) this._tryAgain(all, connection);
      throw error;
    }
    if (epoch !== this.epoch) return;
    this._unwritten = [];
    if (since > this._written.since || epoch !== this._written.epoch) {
      this._written = { since, epoch };
    }
    this._take(since, all.length);
  }

  async _writeBeginning() {
    const begun = this._begun;
    if (!begun) return;
    await this.kept?.reset(begun.since, begun.epoch);
    this._written = begun;
    if (this._begun === begun) this._begun = null;
  }

  /** @param {Entry[]} all @param {number} connection */
  _tryAgain(all, connection) {
    const tooMany = all.length > MOST_UNWRITTEN;
    if (tooMany) this._gaveUpIn = connection;
    this._unwritten = tooMany ? [] : all;
  }

  /** @param {number} at @param {number} count */
  _take(at, count) {
    this._untaken += count;
    this._taken = Math.max(this._taken, at);
    if (this._untaken >= TAKEN_AT) this._sayTaken();
    else this._timer ??= setTimeout(() => this._sayTaken(), TAKEN_EVERY);
  }

  _sayTaken() {
    this._rest();
    if (this._untaken) this._say({ msgid: MSG.TAKEN, at: this._taken });
    this._untaken = 0;
  }

  _rest() {
    clearTimeout(this._timer);
    this._timer = null;
  }
}
