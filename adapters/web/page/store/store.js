/**
 * What this browser keeps of a user's conversations, in IndexedDB, for all tabs.
 *
 * Messages are stored in one transaction with the position up to which they reach, so that a
 * position that the server was told is never ahead of them.
 *
 * @import {Entry, Key} from "../protocol/protocol.js"
 * @import {Identity} from "../session/session.js"
 * @import {Unsent} from "../model/chats.js"
 */

const VERSION = 1;
const ALL = ["meta", "messages", "unsent", "drafts"];
export const MOST_KEPT = 20_000; // messages, of all conversations; the server has the others

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
const committed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

export class Store {
  /** @param {IDBDatabase} database @param {Identity} me @param {() => void} gone */
  constructor(database, me, gone) {
    this._database = database;
    this._me = me;
    this._gone = gone;
    database.onclose = database.onversionchange = () => {
      database.close();
      gone();
    };
  }

  /** @param {Identity} me @param {() => void} gone told that another tab, or its user, has deleted it */
  static async open(me, gone) {
    const request = indexedDB.open(`chat-${me.id}`, VERSION);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore("meta");
      database.createObjectStore("messages", { keyPath: ["key", "at"] });
      database.createObjectStore("unsent", { keyPath: "cid" });
      database.createObjectStore("drafts");
    };
    const store = new Store(await done(request), me, gone);
    await store._belongTo(me.name);
    await store._trim();
    return store;
  }

  /** Empty if it was deleted. */
  async reopen() {
    this._database = (await Store.open(this._me, this._gone))._database;
  }

  async forget() {
    await done(indexedDB.deleteDatabase(this._database.name)).catch(() => {});
  }

  close() {
    this._database.close();
  }

  async place() {
    return (await this.value("place")) ?? { since: 0, epoch: "" };
  }

  /**
   * Another tab may be further; within an epoch the position only grows.
   * @param {Entry[]} entries @param {number} since @param {string} epoch
   */
  async commit(entries, since, epoch) {
    const transaction = this._database.transaction(["meta", "messages"], "readwrite");
    const meta = transaction.objectStore("meta");
    const messages = transaction.objectStore("messages");
    for (const entry of entries) messages.put(entry);
    const before = meta.get("place");
    before.onsuccess = () => {
      const place = before.result;
      if (!place || place.epoch !== epoch || place.since < since) meta.put({ since, epoch }, "place");
    };
    await committed(transaction);
  }

  /**
   * Positions have a new meaning: drop all that depends on them.
   * @param {number} since
   * @param {string} epoch
   */
  async reset(since, epoch) {
    const transaction = this._database.transaction(["meta", "messages"], "readwrite");
    transaction.objectStore("messages").clear();
    transaction.objectStore("meta").put({ since, epoch }, "place");
    transaction.objectStore("meta").delete("conversations");
    await committed(transaction);
  }

  /** The last of a conversation below a position, ascending. @param {Key} key @param {number} before @param {number} limit */
  async latest(key, before, limit) {
    const range = IDBKeyRange.bound([key, 0], [key, before], false, true);
    /** @type {Entry[]} */
    const found = [];
    const cursors = this._read("messages").openCursor(range, "prev");
    await new Promise((resolve, reject) => {
      cursors.onerror = () => reject(cursors.error);
      cursors.onsuccess = () => {
        const cursor = cursors.result;
        if (!cursor || found.length === limit) return resolve(null);
        found.unshift(cursor.value);
        cursor.continue();
      };
    });
    return found;
  }

  /** The entries of a page of history. @param {Entry[]} entries */
  async remember(entries) {
    const transaction = this._database.transaction("messages", "readwrite");
    for (const entry of entries) transaction.objectStore("messages").put(entry);
    await committed(transaction);
  }

  /**
   * A server with another database assigns ids anew: nothing of this id's former user may be shown,
   * or sent in another's name.
   * @param {string} name
   */
  async _belongTo(name) {
    const before = await this.value("owner");
    if (before === name) return;
    const transaction = this._database.transaction(ALL, "readwrite");
    if (before !== undefined) for (const one of ALL) transaction.objectStore(one).clear();
    transaction.objectStore("meta").put(name, "owner");
    await committed(transaction);
  }

  async _trim() {
    const count = await done(this._read("messages").count());
    if (count <= MOST_KEPT) return;
    const all = await done(this._read("messages").getAllKeys());
    const oldest = all.sort((one, other) => at(one) - at(other)).slice(0, count - MOST_KEPT);
    const transaction = this._database.transaction("messages", "readwrite");
    for (const key of oldest) transaction.objectStore("messages").delete(key);
    await committed(transaction);
  }

  /** @returns {Promise<Unsent[]>} in the order in which they were written */
  async unsent() {
    return done(this._read("unsent").getAll()); // by cid, which begins with the time
  }

  /** @param {Unsent} message */
  async queue(message) {
    await this._write("unsent", (all) => all.put(message));
  }

  /** @param {string} cid */
  async unqueue(cid) {
    await this._write("unsent", (all) => all.delete(cid));
  }

  /** @param {Key} key @returns {Promise<string>} */
  async draft(key) {
    return (await done(this._read("drafts").get(key))) ?? "";
  }

  /** @returns {Promise<Map<Key, string>>} */
  async drafts() {
    const all = this._read("drafts");
    const [keys, texts] = await Promise.all([done(all.getAllKeys()), done(all.getAll())]);
    return new Map(keys.map((key, place) => [/** @type {Key} */ (key), texts[place]]));
  }

  /** @param {Key} key @param {string} text */
  async keepDraft(key, text) {
    await this._write("drafts", (all) => (text ? all.put(text, key) : all.delete(key)));
  }

  /** A small value, such as the last list of conversations. @param {string} name */
  async value(name) {
    return done(this._read("meta").get(name));
  }

  /** @param {string} name @param {any} value */
  async keep(name, value) {
    await this._write("meta", (all) => all.put(value, name));
  }

  /** @param {string} name */
  _read(name) {
    return this._database.transaction(name, "readonly").objectStore(name);
  }

  /** @param {string} name @param {(store: IDBObjectStore) => void} change */
  async _write(name, change) {
    const transaction = this._database.transaction(name, "readwrite");
    change(transaction.objectStore(name));
    await committed(transaction);
  }
}

/** @param {IDBValidKey} key */
const at = (key) => /** @type {[string, number]} */ (key)[1];
