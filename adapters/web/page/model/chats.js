/**
 * What the page knows of the user's conversations. Pure: it is told what has happened.
 *
 * The loaded messages of an open conversation have no gap. If they reach its end (`atEnd`), new
 * ones are added to them. The newest also stay in `recent`, since an answer in flight may lack
 * them.
 *
 * @import {Entry, Frame, Key} from "../protocol/protocol.js"
 *
 * @typedef {object} Unsent a message that is not in the log yet
 * @property {string} cid
 * @property {Key} key
 * @property {string} text
 * @property {number} time when it was written
 * @property {string} [error] why the server refused it; it then waits for the user
 *
 * @typedef {object} Chat
 * @property {Key} key
 * @property {string} name
 * @property {Entry | null} last
 * @property {number} read the position up to which the user has read it
 * @property {number} counted the position up to which `unread` counts
 * @property {number} unread
 * @property {number} got one-to-one: the position up to which the other has got it
 * @property {Map<number, number>} reads positions up to which others have read it, by their ids
 * @property {boolean} muted
 * @property {boolean} left
 * @property {number} changed the position as of which it has its name, and is left or not
 * @property {Entry[]} messages what is loaded, ascending
 * @property {boolean} loaded whether the newest were asked for
 * @property {boolean} atStart whether nothing precedes what is loaded
 * @property {boolean} atEnd
 * @property {Entry[]} recent
 * @property {number} forgotten the last position that is no longer in `recent`
 * @property {Map<number, {name: string, until: number}>} typing
 */

import { idOf, isGroup, keyOf, readEntry } from "../protocol/protocol.js";

export const MOST_LOADED = 1200; // messages of a conversation in memory
export const TYPING_SHOWN = 6000; // ms
const MOST_KEPT = 100; // of what is recent, and of what comes before its end is loaded
const MOST_COUNTED = 1000; // unread messages; the server says that for more of them, too

/** The states of an own message. */
export const Tick = { WAITS: 0, SENT: 1, GOT: 2, READ: 3 };

export class Chats {
  /** @param {number} me own id */
  constructor(me) {
    this.me = me;
    /** @type {Map<Key, Chat>} */
    this.all = new Map();
    /** @type {Map<string, Unsent>} by cid, in the order in which they were written */
    this.unsent = new Map();
    /** @type {Map<number, string>} */
    this.names = new Map();
    /** @type {number | null} what to ask for as `before`; null: there are no more */
    this.next = null;
    /** @type {Map<Key, boolean>} what is muted or not as was told in this connection */
    this.told = new Map();
  }

  /** @param {Key} key */
  chat(key) {
    const known = this.all.get(key);
    if (known) return known;
    /** @type {Chat} */
    const chat = {
      ...unknown(),
      key,
      name: isGroup(key) ? "" : (this.names.get(idOf(key)) ?? ""),
      muted: false,
      left: false,
      typing: new Map(),
    };
    this.all.set(key, chat);
    return chat;
  }

  /** The most recent first; without a message, the last opened first. */
  list() {
    return [...this.all.values()].sort((one, other) => latest(this, other) - latest(this, one));
  }

  /** @param {number} id @param {string} name */
  nameUser(id, name) {
    if (!name) return;
    this.names.set(id, name);
    const chat = this.all.get(`u${id}`);
    if (chat) chat.name = name;
  }

  /** An entry was pushed. Return whether it is news to the user. @param {Entry} entry */
  pushed(entry) {
    const chat = this._add(entry);
    const counts = entry.at > Math.max(chat.counted, chat.read) && isNews(entry, this.me);
    chat.counted = Math.max(chat.counted, entry.at);
    if (counts) chat.unread += 1;
    return counts;
  }

  /** @param {Entry} entry */
  _add(entry) {
    const chat = this.chat(entry.key);
    this.unsent.delete(entry.cid);
    this._learnNames(chat, entry);
    chat.typing.delete(entry.from);
    // as the server's list, without ends of sessions
    if (!entry.change || isGroup(chat.key)) chat.last = later(chat.last, entry);
    if (chat.atEnd && !isBefore(chat, entry)) insert(chat.messages, entry);
    letGoOfOldest(chat);
    insert(chat.recent, entry);
    if (chat.recent.length > MOST_KEPT) chat.forgotten = chat.recent.shift()?.at ?? 0;
    return chat;
  }

  /**
   * A page of CONVERSATIONS. Return those read further than the server knows.
   * @param {Frame} ack
   */
  listed(ack) {
    const unheard = [];
    for (const row of ack.conversations) {
      const chat = this.chat(keyOf(row));
      if (!isGroup(chat.key)) this.nameUser(idOf(chat.key), row.name);
      const last = readEntry(row.last, this.me);
      chat.last = later(chat.last, last);
      chat.counted = Math.max(chat.counted, last.at);
      chat.name ||= row.name;
      if (last.at >= chat.changed) {
        [chat.changed, chat.name, chat.left] = [last.at, row.name || chat.name, Boolean(row.left)];
      }
      const { read } = chat;
      chat.read = row.read;
      chat.unread = row.unread + newsAbove(chat.recent, Math.max(last.at, row.read), this.me);
      if (this.haveRead(chat.key, read)) unheard.push(chat);
      chat.got = Math.max(chat.got, row.peer_got ?? 0);
      if (row.peer_read) markRead(chat, idOf(chat.key), row.peer_read);
      chat.muted = this.told.get(chat.key) ?? Boolean(row.muted);
    }
    this.next = ack.next ?? null;
    return unheard;
  }

  /**
   * A page of HISTORY. where: what was asked for. Return its entries.
   * @param {Frame} ack @param {"newest" | "older" | "newer"} where
   */
  paged(ack, where) {
    const chat = this.chat(keyOf(ack));
    const entries = ack.entries.map((/** @type {Frame} */ one) => readEntry(one, this.me));
    for (const entry of entries) this._learnNames(chat, entry);
    if (where === "newest") {
      chat.messages = [...entries];
      [chat.loaded, chat.atStart, chat.atEnd] = [true, !ack.more, true];
    } else if (where === "older") {
      chat.messages.unshift(...entries);
      chat.atStart = !ack.more;
      if (chat.messages.splice(MOST_LOADED).length) chat.atEnd = false;
    } else {
      for (const entry of entries) insert(chat.messages, entry);
      chat.atEnd = !ack.more;
    }
    const last = chat.messages.at(-1)?.at ?? 0;
    chat.atEnd &&= chat.forgotten <= last; // or there would be a hole
    if (chat.atEnd) for (const one of chat.recent) if (one.at > last) insert(chat.messages, one);
    letGoOfOldest(chat);
    this.haveRead(chat.key, ack.read ?? 0);
    this.markedIn(ack);
    return entries;
  }

  /** What a page of HISTORY tells of how far others have read. @param {Frame} ack */
  markedIn(ack) {
    for (const mark of ack.marks ?? []) markRead(this.chat(keyOf(ack)), mark.id, mark.read);
  }

  /**
   * Pages on both sides of the user's read position, which replace what is loaded. Return their
   * entries.
   * @param {Frame} above @param {Frame} below
   */
  pagedAround(above, below) {
    const chat = this.chat(keyOf(below));
    if (below.more) chat.messages = [];
    [chat.loaded, chat.atStart] = [true, !above.more];
    return this.paged({ ...below, entries: [...above.entries, ...below.entries] }, "newer");
  }

  /** Whether the place at which it opens is loaded. @param {Key} key */
  hasOpening(key) {
    const { loaded, atStart, atEnd, messages, read, unread } = this.chat(key);
    if (!loaded || !unread) return loaded && atEnd;
    const [first, last] = [messages[0]?.at ?? Infinity, messages.at(-1)?.at ?? 0];
    return (atStart || first <= read) && (atEnd || last > read);
  }

  /** Drop what is loaded of it. @param {Key} key */
  unload(key) {
    Object.assign(this.chat(key), unloaded());
  }

  /** Show kept entries until the server answers. @param {Key} key @param {Entry[]} kept */
  remembered(key, kept) {
    const chat = this.chat(key);
    if (!chat.loaded) for (const entry of kept) insert(chat.messages, entry);
  }

  /** MARKS. @param {Frame} frame */
  marked(frame) {
    for (const mark of frame.marks) {
      const key = mark.read === undefined ? `u${mark.id}` : keyOf(mark);
      const chat = this.chat(key); // which a list that is older may be about to name
      if (mark.read === undefined) chat.got = Math.max(chat.got, mark.got);
      else if (mark.id === this.me) this.haveRead(key, mark.read);
      else markRead(chat, mark.id, mark.read);
    }
  }

  /** @param {Key} key @param {boolean} muted */
  mute(key, muted) {
    this.chat(key).muted = muted;
    this.told.set(key, muted);
  }

  /** TYPING. @param {Frame} frame @param {number} now */
  typing(frame, now) {
    const chat = this.all.get(keyOf(frame));
    chat?.typing.set(frame.id, { name: frame.name, until: now + TYPING_SHOWN });
  }

  /** Who is typing in a conversation. @param {Key} key @param {number} now */
  typists(key, now) {
    const { typing } = this.chat(key);
    for (const [id, one] of typing) if (one.until <= now) typing.delete(id);
    return [...typing.values()].map((one) => one.name);
  }

  /** Positions have a new meaning, and what is here may have a gap. */
  forget() {
    for (const chat of this.all.values()) Object.assign(chat, unknown());
  }

  /** @param {Unsent} message */
  wrote(message) {
    this.unsent.set(message.cid, message);
    this.chat(message.key);
  }

  /** The server has it. @param {string} cid @param {number} at @param {number} time */
  sent(cid, at, time) {
    const message = this.unsent.get(cid);
    if (!message) return null;
    /** @type {Entry} */
    const entry = {
      at,
      cid,
      key: message.key,
      from: this.me,
      name: this.names.get(this.me) ?? "",
      time,
      text: message.text,
      deleted: false,
      change: null,
    };
    this._add(entry); // what is below it may not have been pushed yet
    return entry;
  }

  /** What waits in a conversation. @param {Key} key */
  waiting(key) {
    return [...this.unsent.values()].filter((one) => one.key === key);
  }

  /** Return whether that is further than before. @param {Key} key @param {number} at */
  haveRead(key, at) {
    const chat = this.chat(key);
    if (at <= chat.read) return false;
    chat.unread = at >= chat.counted ? 0 : unreadAbove(chat, at, this.me);
    chat.read = at;
    return true;
  }

  /** How far an own message is. @param {Entry} entry */
  tick(entry) {
    const chat = this.chat(entry.key);
    if ([...chat.reads.values()].some((at) => at >= entry.at)) return Tick.READ;
    return chat.got >= entry.at ? Tick.GOT : Tick.SENT;
  }

  /** How many messages are unread, except in muted conversations. */
  get unread() {
    let count = 0;
    for (const chat of this.all.values()) if (!chat.muted) count += chat.unread;
    return count;
  }

  /** @param {Chat} chat @param {Entry} entry */
  _learnNames(chat, entry) {
    if (entry.from && entry.name) this.nameUser(entry.from, entry.name);
    const { change } = entry;
    if (!change || !isGroup(chat.key) || entry.at < chat.changed) return;
    chat.changed = entry.at;
    if (change.what === "created" || change.what === "renamed") chat.name = change.name;
    const gone = change.what === "left" ? entry.from : change.what === "removed" ? change.whom : 0;
    if (gone === this.me || change.what === "ended") chat.left = true;
    if (change.what === "joined" && entry.from === this.me) chat.left = false;
  }
}

const unloaded = () => ({ messages: [], loaded: false, atStart: false, atEnd: true });

/** What positions tell. */
const unknown = () => ({
  ...unloaded(),
  last: null,
  read: 0,
  counted: 0,
  unread: 0,
  got: 0,
  reads: new Map(),
  changed: 0,
  recent: [],
  forgotten: 0,
});

/** @param {Entry | null} one @param {Entry} other */
const later = (one, other) => (one && one.at > other.at ? one : other);

/** @param {Entry} entry @param {number} me */
export const isNews = (entry, me) => entry.from !== me && !entry.change && !entry.deleted;

/** @param {Entry[]} entries @param {number} at @param {number} me */
const newsAbove = (entries, at, me) => entries.filter((one) => one.at > at && isNews(one, me)).length;

/** @param {Chats} chats @param {Chat} chat */
function latest(chats, chat) {
  const waits = chats.waiting(chat.key).length ? Number.MAX_SAFE_INTEGER : 0;
  return waits || (chat.last?.at ?? 0);
}

/**
 * Whether an entry precedes what is loaded, with others between the two that are not: this browser is
 * still being sent what its user missed. It comes with the page that reaches it.
 * @param {Chat} chat @param {Entry} entry
 */
const isBefore = ({ loaded, atStart, messages }, entry) =>
  loaded && !atStart && entry.at < (messages[0]?.at ?? 0);

/** Drop the oldest beyond the limit. @param {Chat} chat */
function letGoOfOldest(chat) {
  const count = chat.messages.length - (chat.loaded ? MOST_LOADED : MOST_KEPT);
  if (count <= 0) return;
  chat.messages.splice(0, count);
  chat.atStart = false;
}

/** @param {Chat} chat @param {number} id @param {number} at */
function markRead(chat, id, at) {
  chat.reads.set(id, Math.max(chat.reads.get(id) ?? 0, at));
}

/**
 * How many remain unread after reading up to a position, as far as loaded entries tell. Of more
 * than are counted, nobody knows how many are left.
 * @param {Chat} chat @param {number} at @param {number} me
 */
function unreadAbove({ messages, loaded, atStart, atEnd, read, counted, unread }, at, me) {
  const there = messages.filter((one) => one.at <= counted);
  if (loaded && atEnd && (atStart || messages[0]?.at <= at) && there.at(-1)?.at === counted) {
    return newsAbove(there, at, me);
  }
  if (unread >= MOST_COUNTED) return unread;
  return Math.max(0, unread - newsAbove(there, read, me) + newsAbove(there, at, me));
}

/** Insert an entry in order, once. @param {Entry[]} messages @param {Entry} entry */
function insert(messages, entry) {
  let place = messages.length;
  while (place > 0 && messages[place - 1].at > entry.at) place -= 1;
  if (place > 0 && messages[place - 1].at === entry.at) messages[place - 1] = entry;
  else messages.splice(place, 0, entry);
}
