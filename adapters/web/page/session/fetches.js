/**
 * What the page fetches with each connection. What the server refuses or does not know only for the
 * moment is fetched again, as long as the connection lasts.
 *
 * @import {Session} from "./session.js"
 *
 * @typedef {() => Promise<unknown>} Fetch the same function each time, which may be called at any
 *   time; it returns false if something is still missing
 */

import { FOR_THE_MOMENT } from "../protocol/protocol.js";
import { Refused } from "./line.js";

export const FIRST_WAIT = 1_000; // ms
const LONGEST_WAIT = 30_000;

export class Fetches {
  /** @param {Session} session */
  constructor(session) {
    /** @type {Set<Fetch>} */
    this._missing = new Set();
    session.on("offline", () => this._forget());
  }

  /** Fetch these, in order. Return whether all have come. @param {Fetch[]} fetches */
  async all(...fetches) {
    const come = [];
    for (const fetch of fetches) come.push(await this._one(fetch));
    if (this._missing.size) this._timer ??= setTimeout(() => this._again(), this._wait);
    else this._wait = FIRST_WAIT;
    return come.every(Boolean);
  }

  /** Return whether it has come; if not, it may be fetched again. @param {Fetch} fetch */
  async _one(fetch) {
    this._missing.delete(fetch);
    try {
      if ((await fetch()) !== false) return true;
    } catch (error) {
      // If the connection is lost, the next one fetches everything.
      if (!(error instanceof Refused && FOR_THE_MOMENT.has(error.error))) return false;
    }
    this._missing.add(fetch);
    return false;
  }

  _again() {
    this._timer = null;
    this._wait = Math.min(2 * this._wait, LONGEST_WAIT);
    this.all(...this._missing);
  }

  _forget() {
    clearTimeout(this._timer);
    this._timer = null;
    this._wait = FIRST_WAIT;
    this._missing.clear();
  }

  /** @type {any} */
  _timer = null;
  _wait = FIRST_WAIT; // ms
}
