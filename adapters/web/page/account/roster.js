/**
 * The user's friends, and which of them are online. It tells: `changed`.
 *
 * @import {Frame, Key} from "../protocol/protocol.js"
 * @import {Chats} from "../model/chats.js"
 * @import {Session} from "../session/session.js"
 *
 * @typedef {"online" | "away" | ""} State "" while the server does not know it
 * @typedef {{id: number, name: string, state: State}} Friend
 */

import { MSG, userKey } from "../protocol/protocol.js";
import { Emitter } from "../session/emitter.js";

const PAGE = 200; // friends at a time

/** @type {Record<string, State>} */
const STATES = { online: "online", offline: "away" };

export class Roster extends Emitter {
  /** @param {Session} session @param {Chats} chats */
  constructor(session, chats) {
    super();
    this._session = session;
    this._chats = chats;
    /** @type {Map<Key, Friend>} */
    this.friends = new Map();
    /** @type {Map<number, Frame>} what was heard since they were asked for counts more */
    this._news = new Map();
    /** @type {Promise<boolean> | null} */
    this._loading = null;
    session.on("offline", () => this.emit("changed"));
  }

  /** @param {Key} key */
  isFriend(key) {
    return this.friends.has(key);
  }

  /** Also "" of who is no friend, and without a connection. @param {Key} key @returns {State} */
  stateOf(key) {
    return (this._session.online && this.friends.get(key)?.state) || "";
  }

  /** @param {Key} key */
  isOnline(key) {
    return this.stateOf(key) === "online";
  }

  /**
   * Fetch all: another device may have changed the list. Return whether it is known who of them is
   * online. Throws Refused and Lost.
   */
  load() {
    this._loading ??= this._load().finally(() => (this._loading = null));
    return this._loading;
  }

  async _load() {
    this._news.clear();
    const gone = new Set(this.friends.keys());
    let [after, known] = [0, true];
    do {
      const page = await this._session.ask({ msgid: MSG.FRIENDS, after, limit: PAGE });
      for (const one of page.friends) {
        const newest = this._news.get(one.id) ?? one;
        this._put(newest);
        known &&= newest.state !== "unknown";
        gone.delete(userKey(one.id));
      }
      after = page.next ?? 0;
    } while (after);
    for (const key of gone) this.friends.delete(key);
    this.emit("changed");
    return known;
  }

  /** PRESENCE. Return false if the list, which may lack its user, is to be fetched. @param {Frame} frame */
  heard(frame) {
    this._news.set(frame.id, frame);
    const known = this.isFriend(userKey(frame.id));
    if (known) this._put(frame);
    this.emit("changed");
    return known;
  }

  /** Throws Refused and Lost. @param {number} friendid */
  async add(friendid) {
    const ack = await this._session.ask({ msgid: MSG.ADD_FRIEND, friendid });
    this._put(ack.friend);
    this.emit("changed");
  }

  /** Throws Refused and Lost. @param {number} friendid */
  async remove(friendid) {
    await this._session.ask({ msgid: MSG.REMOVE_FRIEND, friendid });
    this.friends.delete(userKey(friendid));
    this.emit("changed");
  }

  /** @param {Record<string, any>} one */
  _put({ id, name, state }) {
    this.friends.set(userKey(id), { id, name, state: STATES[state] ?? "" });
    this._chats.nameUser(id, name);
  }
}
