/**
 * A user's session on this device: it logs in, comes back when the connection breaks, and knows up
 * to where in the log everything is written down here.
 *
 * It tells: `online`, `offline` ({again: when, in ms}), `ended` ({why}), `entries` (a list of them),
 * `frame` (what else the server says), `reset`, `sent` ({message, ack}), `refused` ({message, error}).
 *
 * @import {Entry, Frame} from "../protocol/protocol.js"
 * @import {Unsent} from "../model/chats.js"
 * @import {SocketLike} from "./line.js"
 *
 * @typedef {object} Kept where this device is in the log, and what is written down of it
 * @property {() => Promise<{since: number, epoch: string}>} place
 * @property {(entries: Entry[], since: number, epoch: string) => Promise<void>} commit
 * @property {(since: number, epoch: string) => Promise<void>} reset
 *
 * @typedef {{id: number, name: string, token: string, session: string}} Identity
 */

import { MSG, isEntry, readEntry } from "../protocol/protocol.js";
import { Emitter } from "./emitter.js";
import { Line, Lost, Refused } from "./line.js";
import { Outbox } from "./outbox.js";

export const TAKEN_EVERY = 1_000; // ms
export const TAKEN_AT = 32; // messages, sooner than that
const FIRST_WAIT = 100; // ms
const LONGEST_WAIT = 30_000;
const ENDED_ELSEWHERE = 4001;

export class Session extends Emitter {
  /**
   * @param {() => SocketLike} connect makes a socket, which is not open yet
   * @param {() => number} random from 0 to 1
   */
  constructor(connect, random = Math.random) {
    super();
    this._connect = connect;
    this._random = random;
    /** @type {Identity | null} */
    this.me = null;
    /** @type {Line | null} */
    this._line = null;
    /** @type {Kept | null} */
    this._kept = null;
    this._since = 0;
    this._epoch = "";
    this._taken = 0;
    this._untaken = 0;
    /** @type {Promise<unknown>} what is being written down */
    this._writing = Promise.resolve();
    this._failures = 0;
    this._wanted = false; // whether it is to come back by itself
    this.outbox = new Outbox(
      (message, ack) => this.emit("sent", { message, ack }),
      (message, error) => this.emit("refused", { message, error }),
    );
  }

  get online() {
    return Boolean(this._line?.open && this.me);
  }

  // -- coming and going --------------------------------------------------------------------------

  /** Register over a connection of its own. Throws Refused and Lost. @param {string} name @param {string} password */
  async register(name, password) {
    const line = await this._open();
    try {
      await line.ask({ msgid: MSG.REGISTER, name, password });
    } finally {
      line.close();
    }
  }

  /**
   * Log in by a password. Throws Refused and Lost.
   * @param {string} who a name, or an id in digits @param {string} password @param {string} device
   * @param {(me: Identity) => Promise<Kept>} open
   */
  async logIn(who, password, device, open) {
    const named = /^\d+$/.test(who) ? { id: Number(who) } : { name: who };
    this._openKept = open;
    await this._enter({ msgid: MSG.LOGIN, v: 2, ...named, password, device });
    this._wanted = true;
  }

  /**
   * Go on with a session that was left, as soon as there is a connection.
   * @param {Identity} me @param {Kept} kept
   */
  async resume(me, kept) {
    this.me = me;
    this._kept = kept;
    this._wanted = true;
    ({ since: this._since, epoch: this._epoch } = await kept.place());
    await this._comeBack();
  }

  /** End the session on this device. */
  async logOut() {
    this._wanted = false;
    const line = this._line;
    if (line?.open) await line.ask({ msgid: MSG.LOGOUT }).catch(() => {});
    line?.close();
    this.me = null;
  }

  /** Try to connect at once, if it waits for the next attempt. */
  retry() {
    if (!this._timer) return;
    clearTimeout(this._timer);
    this._timer = null;
    this._comeBack();
  }

  /** The network is gone: do not wait for the connection to notice. */
  drop() {
    this._line?.close();
  }

  /** Ask for something. Throws Refused and Lost. @param {Frame} frame @returns {Promise<Frame>} */
  ask(frame) {
    return this.online && this._line ? this._line.ask(frame) : Promise.reject(new Lost("offline"));
  }

  /** Say something that may be lost. @param {Frame} frame */
  say(frame) {
    if (this.online) this._line?.say(frame);
  }

  /** @param {Unsent} message */
  send(message) {
    this.outbox.add(message);
  }

  async _open() {
    /** @type {Line} */
    const line = new Line(
      this._connect(),
      (frame) => line === this._line && this._hear(frame),
      (code) => line === this._line && this._lost(code),
    );
    await line.opened();
    return line;
  }

  /** @param {Frame} request */
  async _enter(request) {
    const line = await this._open();
    this._line = line;
    /** @type {Frame[]} */
    const early = (this._early = []);
    try {
      const ack = await line.ask(request);
      this.me = { id: ack.id, name: ack.name, token: ack.token, session: ack.session };
      this._kept ??= (await this._openKept?.(this.me)) ?? null;
      await this._welcomed(ack);
      this._early = null;
      early.forEach((frame) => this._hear(frame));
    } catch (error) {
      this._line = null;
      line.close();
      throw error;
    }
  }

  /** @param {Frame} ack */
  async _welcomed(ack) {
    if (ack.reset || ack.epoch !== this._epoch) {
      this._since = ack.reset ? ack.head : 0; // 0: it begins where no device has anything yet
      this._epoch = ack.epoch;
      this._taken = 0;
      await this._kept?.reset(this._since, this._epoch);
      this.emit("reset");
    }
    this._failures = 0;
    this.emit("online", this.me);
    if (this._line) this.outbox.connected(this._line);
  }

  async _comeBack() {
    if (!this._wanted || !this.me) return;
    this.emit("connecting");
    try {
      const { token } = this.me;
      const place = this._since ? { since: this._since, epoch: this._epoch } : {};
      await this._enter({ msgid: MSG.RESUME, token, ...place });
    } catch (error) {
      if (error instanceof Refused && error.error === "bad_token") this._over("bad_token");
      else this._wait();
    }
  }

  _wait() {
    if (!this._wanted || this._timer) return;
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (this._failures + 1));
    const delay = longest / 2 + (this._random() * longest) / 2;
    this._failures += 1;
    this._timer = setTimeout(() => {
      this._timer = null;
      this._comeBack();
    }, delay);
    this.emit("offline", { again: Date.now() + delay });
  }

  /** @param {number} code */
  _lost(code) {
    this._line = null;
    this.outbox.disconnected();
    clearTimeout(this._takenTimer);
    this._takenTimer = null;
    if (code === ENDED_ELSEWHERE) this._over("ended");
    else this._wait();
  }

  /** @param {string} why */
  _over(why) {
    this._wanted = false;
    this.me = null;
    const line = this._line;
    this._line = null;
    line?.close();
    this.outbox.disconnected();
    this.emit("ended", { why });
  }

  // -- what the server says ----------------------------------------------------------------------

  /** @param {Frame} frame */
  _hear(frame) {
    if (this._early) {
      this._early.push(frame);
      return;
    }
    if (isEntry(frame)) this._pushed(frame);
    else if (frame.msgid === MSG.PING) this._asked(frame.at);
    else if (frame.msgid === MSG.RESET) this._reset(frame);
    else if (frame.msgid === MSG.SESSION_ENDED) this._over("ended");
    else this.emit("frame", frame);
  }

  /** @param {Frame} frame */
  _pushed(frame) {
    const entry = readEntry(frame, this.me?.id ?? 0);
    this.outbox.drop(entry.cid);
    this._batch.push(entry);
    if (this._batch.length > 1) return;
    queueMicrotask(() => {
      const entries = this._batch;
      this._batch = [];
      this._since = Math.max(this._since, entries[entries.length - 1].at);
      this.emit("entries", entries);
      this._keep(entries, this._since);
    });
  }

  /**
   * Write down what was pushed, and only then say that it is taken over.
   * @param {Entry[]} entries @param {number} since
   */
  _keep(entries, since) {
    const epoch = this._epoch;
    this._writing = this._writing
      .then(() => this._kept?.commit(entries, since, epoch))
      .then(() => epoch === this._epoch && this._take(since, entries.length))
      .catch((error) => this.emit("trouble", error));
  }

  /** @param {number} at @param {number} count */
  _take(at, count) {
    this._untaken += count;
    this._taken = Math.max(this._taken, at);
    if (this._untaken >= TAKEN_AT) this._sayTaken();
    else this._takenTimer ??= setTimeout(() => this._sayTaken(), TAKEN_EVERY);
  }

  _sayTaken() {
    clearTimeout(this._takenTimer);
    this._takenTimer = null;
    if (this._untaken) this.say({ msgid: MSG.TAKEN, at: this._taken });
    this._untaken = 0;
  }

  /** @param {number} at */
  _asked(at) {
    this.say({ msgid: MSG.PONG });
    if (at > this._since) {
      this._since = at;
      this._keep([], at);
    }
  }

  /** @param {Frame} frame */
  _reset(frame) {
    [this._since, this._epoch, this._taken] = [frame.head, frame.epoch, 0];
    this._writing = this._writing.then(() => this._kept?.reset(frame.head, frame.epoch));
    this.emit("reset");
  }

  /** @type {Entry[]} */
  _batch = [];
  /** @type {Frame[] | null} what came before its user's conversations were opened here */
  _early = null;
  /** @type {any} */
  _timer = null;
  /** @type {any} */
  _takenTimer = null;
  /** @type {((me: Identity) => Promise<Kept>) | null} */
  _openKept = null;
}
