/**
 * A user's session on this device: it logs in, and reconnects when the connection breaks.
 *
 * It tells: `online`, `offline` ({again: when, in ms}), `ended`, `entries` (a list of them), `frame`
 * (any other), `reset`, `sent` ({message, ack}), `refused` ({message, error}).
 *
 * @import {Entry, Frame} from "../protocol/protocol.js"
 * @import {Unsent} from "../model/chats.js"
 * @import {SocketLike} from "./line.js"
 * @import {Kept} from "./place.js"
 *
 * @typedef {{id: number, name: string, token: string, session: string}} Identity
 */

import { MSG, isEntry, readEntry } from "../protocol/protocol.js";
import { Emitter } from "./emitter.js";
import { Line, Lost, Refused } from "./line.js";
import { Outbox } from "./outbox.js";
import { Place } from "./place.js";

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
    this._failures = 0;
    this._wanted = false; // whether it is to come back by itself
    this.head = 0; // the end of the log when the connection began: what is pushed up to it was missed
    this._place = new Place(
      (frame) => this.say(frame),
      (error) => this.emit("trouble", error),
    );
    this.outbox = new Outbox(
      (message, ack) => this.emit("sent", { message, ack }),
      (message, error) => this.emit("refused", { message, error }),
    );
  }

  get online() {
    return Boolean(this._line?.open && this.me && !this._early);
  }

  /**
   * Register on a separate connection. Throws Refused and Lost.
   * @param {string} name
   * @param {string} password
   */
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
    if (!this._line) this._wait();
  }

  /**
   * Resume an earlier session as soon as there is a connection.
   * @param {Identity} me @param {Kept} kept
   */
  async resume(me, kept) {
    this.me = me;
    this._wanted = true;
    await this._place.restore(kept);
    await this._comeBack();
  }

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

  /** The network is gone: drop the connection at once. */
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
      this._place.kept ??= (await this._openKept?.(this.me)) ?? null;
      await this._welcomed(ack);
      early.forEach((frame) => this._hear(frame));
    } catch (error) {
      this._line = null;
      line.close();
      throw error;
    }
  }

  /** @param {Frame} ack */
  async _welcomed(ack) {
    // Without a position, what another device took meanwhile is not pushed: what is here has a gap.
    if (ack.reset || ack.epoch !== this._place.epoch || !this._place.toResume.since) {
      const since = ack.reset ? ack.head : 0; // 0: it begins where no device has anything yet
      await this._place.begin(since, ack.epoch).catch((error) => this.emit("trouble", error));
      this.emit("reset");
    }
    this._failures = 0;
    this._early = null;
    this.head = ack.head;
    this.emit("online", this.me);
    if (!this._place.toResume.since) this.say({ msgid: MSG.PING }); // the answer has the position
    if (this._line) this.outbox.connected(this._line);
  }

  async _comeBack() {
    if (!this._wanted || !this.me) return;
    this.emit("connecting");
    try {
      await this._enter({ msgid: MSG.RESUME, token: this.me.token, ...this._place.toResume });
    } catch (error) {
      if (error instanceof Refused && error.error === "bad_token") this._over();
      else this._wait();
    }
  }

  _wait() {
    if (!this._wanted || this._timer) return;
    const due = this._delay || FIRST_WAIT * 2 ** (this._failures + 1);
    this._delay = 0;
    const longest = Math.min(LONGEST_WAIT, due);
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
    this._place.disconnected();
    if (code === ENDED_ELSEWHERE) this._over();
    else this._wait();
  }

  _over() {
    this._wanted = false;
    this.me = null;
    const line = this._line;
    this._line = null;
    line?.close();
    this.outbox.disconnected();
    this.emit("ended");
  }

  /** @param {Frame} frame */
  _hear(frame) {
    if (this._early) {
      this._early.push(frame);
      return;
    }
    if (frame.msgid === MSG.PING) this.say({ msgid: MSG.PONG });
    if (isEntry(frame)) this._pushed(frame);
    else if (frame.msgid === MSG.PING || frame.msgid === MSG.PONG) this._place.reached(frame.at);
    else if (frame.msgid === MSG.SESSION_ENDED) this._over();
    else this.emit("frame", frame);
    if (frame.msgid === MSG.GOING_AWAY) this._delay = frame.delay;
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
      this.emit("entries", entries);
      this._place.pushed(entries);
    });
  }

  /** @type {Entry[]} */
  _batch = [];
  /** @type {Frame[] | null} what came before its user's conversations were opened here */
  _early = null;
  /** @type {any} */
  _timer = null;
  _delay = 0; // ms within which the server wants this client to come back
  /** @type {((me: Identity) => Promise<Kept>) | null} */
  _openKept = null;
}
