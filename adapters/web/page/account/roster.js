/**
 * Its user's friends, and which of them are there. It tells: `changed`.
 *
 * @import {Frame, Key} from "../protocol/protocol.js"
 * @import {Chats} from "../model/chats.js"
 * @import {Session} from "../session/session.js"
 *
 * @typedef {{id: number, name: string, online: boolean}} Friend
 */

import { MSG, idOf, isGroup } from "../protocol/protocol.js";
import { Emitter } from "../session/emitter.js";

const PAGE = 200; // friends at a time

export class Roster extends Emitter {
  /** @param {Pick<Session, "ask">} session @param {Pick<Chats, "nameUser">} chats */
  constructor(session, chats) {
    super();
    this._session = session;
    this._chats = chats;
    /** @type {Map<number, Friend>} by their ids */
    this.friends = new Map();
  }

  /** @param {Key} key */
  isFriend(key) {
    return !isGroup(key) && this.friends.has(idOf(key));
  }

  /** @param {Key} key */
  isOnline(key) {
    return !isGroup(key) && Boolean(this.friends.get(idOf(key))?.online);
  }

  /** Ask for all of them. Throws Refused and Lost. */
  async load() {
    let after = 0;
    do {
      const page = await this._session.ask({ msgid: MSG.FRIENDS, after, limit: PAGE });
      for (const one of page.friends) this._put(one);
      after = page.next ?? 0;
    } while (after);
    this.emit("changed");
  }

  /** PRESENCE. @param {Frame} frame */
  heard(frame) {
    this._put(frame);
    this.emit("changed");
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
    this.friends.delete(friendid);
    this.emit("changed");
  }

  /** @param {Record<string, any>} one */
  _put({ id, name, state }) {
    this.friends.set(id, { id, name, online: state === "online" });
    this._chats.nameUser(id, name);
  }
}
