/**
 * The page of a logged-in user: their data, and what is shown of it.
 *
 * @import {Entry, Frame, Key} from "./protocol/protocol.js"
 * @import {Identity, Session} from "./session/session.js"
 * @import {Store} from "./store/store.js"
 */

import { Conversations, History } from "./account/conversations.js";
import { Preferences } from "./account/preferences.js";
import { Reading } from "./account/reading.js";
import { Roster } from "./account/roster.js";
import { Drafts, Writing } from "./account/writing.js";
import { explained, t } from "./i18n/i18n.js";
import { Chats } from "./model/chats.js";
import { MSG, isGroup } from "./protocol/protocol.js";
import { Fetches } from "./session/fetches.js";
import { Banner } from "./views/banner.js";
import { ConversationView } from "./views/conversation.js";
import { closeDialogs, h, hasMouse, isLookedAt, say } from "./views/dom.js";
import { shortcuts } from "./views/keyboard.js";
import { Notifier } from "./views/notifier.js";
import { Sidebar } from "./views/sidebar.js";

const TICK = 1_000; // ms: typing ends, days begin

export class App {
  /**
   * @param {Session} session @param {Store} store
   * @param {Identity} me @param {() => void} logOut
   */
  constructor(session, store, me, logOut) {
    this.session = session;
    this._store = store;
    this.logOut = logOut;
    this.chats = new Chats(me.id);
    this.chats.nameUser(me.id, me.name);
    this._user = `${me.id} ${me.name}`; // a server with another database gives ids anew
    /** @type {Key | null} the conversation that is open */
    this.open = null;
    this.notifier = new Notifier();
    this.conversations = new Conversations(session, store, this.chats);
    this.drafts = new Drafts(store);
    this.history = new History(session, store, this.chats);
    this.preferences = new Preferences(session, this.chats);
    this.roster = new Roster(session, this.chats);
    this.writing = new Writing(session, store, this.chats);
    this._reading = new Reading(session, this.chats);
    this._fetches = new Fetches(session);
    this._fetchList = () => this.conversations.load();
    this._fetchOpen = () => this._loadOpen();
    this._fetchFriends = () => this.roster.load();
    // Who is online comes last: for a while, the server may not know.
    this._fetchRest = [() => this.preferences.load(), this._fetchFriends];
    this.banner = new Banner(this);
    this.sidebar = new Sidebar(this);
    this._conversation = new ConversationView(this);
    this._heading = h("h1", { class: "aside" });
    this._layout = h(
      "main",
      { class: "layout" },
      this._heading,
      this.sidebar.element,
      this._conversation.element,
    );
    this._frame = false;
    this._returning = false; // on the way back to the list's entry
    this._listen();
    const { signal } = (this._ends = new AbortController());
    document.addEventListener("keydown", shortcuts(this, this._conversation.composer), { signal });
    document.addEventListener("visibilitychange", () => this._looked(), { signal });
    window.addEventListener("focus", () => this._looked(), { signal });
    window.addEventListener("resize", () => this._conversation.composer.grow(), { signal });
    window.addEventListener("popstate", () => this._moved(), { signal });
    this._clock = setInterval(() => this.changed(), TICK);
  }

  _listen() {
    const { session, conversations, drafts, history, preferences, roster, writing, _reading } = this;
    session.on("online", () => this._load());
    session.on("connecting", () => this.banner.offline(0));
    session.on("offline", ({ again }) => {
      this.banner.offline(again);
      this._restoreOpen();
    });
    session.on("entries", (entries) => this._pushed(entries));
    session.on("frame", (frame) => this._hear(frame));
    session.on("reset", () => this._reset());
    session.on("trouble", (error) => this.banner.notice(explained(error)));
    writing.on("wrote", () => this._conversation.messages.toEnd());
    const all = [conversations, drafts, history, preferences, roster, writing, _reading];
    for (const one of all) one.on("changed", () => this.changed());
  }

  /** Load what this browser has kept. */
  async restore() {
    await this.conversations.restore();
    await this.drafts.restore();
    await this.writing.restore();
  }

  /** What was kept was deleted: keep again what the server does not have. */
  async keepAnew() {
    await this._store.reopen();
    for (const message of this.chats.unsent.values()) await this._store.queue(message);
    for (const [key, text] of this.drafts.texts) await this._store.keepDraft(key, text);
  }

  /** @param {HTMLElement} root */
  showIn(root) {
    root.replaceChildren(this._layout, this.banner.element);
    this._draw();
    const key = this._keyOfEntry();
    if (key) this.show(key);
    else if (history.state) history.replaceState(null, ""); // of somebody who was here before
  }

  /** The session is over; keep nothing more. */
  close() {
    this._ends.abort();
    clearInterval(this._clock);
    closeDialogs();
    this.banner.close();
    this._conversation.composer.close();
    this._store.close();
    this._layout.remove();
    if (history.state && !this._returning) history.back();
  }

  async _load() {
    this.banner.online();
    const come = await this._fetches.all(this._fetchList, this._fetchOpen, ...this._fetchRest);
    if (!come) await this._restoreOpen(); // the server is busy, or the connection gone again
  }

  _reset() {
    this.chats.forget();
    if (this.open) this._conversation.messages.open(this.open);
    this.changed();
  }

  /** @param {Entry[]} entries */
  _pushed(entries) {
    // Of what was not listed yet, the server knows the name, and what else is unread.
    const unknown = entries.some(({ key }) => !this.chats.chat(key).counted);
    for (const entry of entries) {
      this.writing.pushed(entry.cid);
      if (entry.key === this.open) this._conversation.messages.comes(entry);
      if (this.chats.pushed(entry)) this._tell(entry);
    }
    if (unknown) this._fetches.all(this._fetchList);
    this.changed();
  }

  /** @param {Entry} entry */
  _tell(entry) {
    const chat = this.chats.chat(entry.key);
    // What is pushed before the first list was there when the page was opened.
    const comes = entry.key === this.open && this.conversations.listed;
    if (comes) this._conversation.announce(entry.name, entry.text);
    if (chat.muted) return;
    const from = isGroup(entry.key) ? `${entry.name} · ${chat.name}` : entry.name;
    this.notifier.tell(from, entry.text, entry.key, () => this.show(entry.key));
  }

  /** @param {Frame} frame */
  _hear(frame) {
    if (frame.msgid === MSG.MARKS) this.chats.marked(frame);
    else if (frame.msgid === MSG.TYPING) this.chats.typing(frame, Date.now());
    else if (frame.msgid === MSG.NOTICE) this.banner.notice(frame.text);
    else if (frame.msgid === MSG.GOING_AWAY) this.banner.notice(t("going_away"), "passing");
    else if (frame.msgid === MSG.SETTINGS_ACK) this.preferences.heard(frame);
    else if (frame.msgid === MSG.PRESENCE) {
      if (!this.roster.heard(frame)) this._fetches.all(this._fetchFriends);
    }
    this.changed();
  }

  get openChat() {
    return this.open === null ? null : this.chats.chat(this.open);
  }

  /** @param {Key} key */
  async show(key) {
    this.open = key;
    this._noteOpen();
    if (!this.chats.hasOpening(key)) this.chats.unload(key);
    this._layout.classList.add("talks");
    this._conversation.open();
    if (hasMouse()) this._conversation.composer.focus();
    this.changed();
    this.sawMessages();
    // The last that is kept is not where it opens if there are many news: it would be seen to jump.
    if (this.banner.lost || !this.history.hasManyNews(key)) await this._restoreOpen();
    const come = await this._fetches.all(this._fetchOpen);
    if (!come && this.session.online) await this._restoreOpen();
  }

  async _restoreOpen() {
    const key = this.open;
    if (!key || !this._lacks(key)) return;
    await this.history.restore(key);
    if (this._lacks(key)) this._conversation.messages.arrived();
  }

  /** Whether it is open and not loaded. @param {Key} key */
  _lacks(key) {
    return this.open === key && !this.openChat?.loaded;
  }

  /** Throws Refused and Lost. */
  async _loadOpen() {
    const key = this.open;
    if (!key) return;
    if (this.openChat?.loaded) await this.history.loadMarks(key);
    if (!this._lacks(key)) return;
    const { messages } = this._conversation;
    // Who has gone on in what is kept here, or has written at its end, stays there.
    const came = await (messages.isAsOpened ? this.history.loadOpening(key) : this.history.loadNewest(key));
    if (this.open !== key || !came) return;
    messages.arrived();
    this.sawMessages();
  }

  back() {
    this._close();
    if (!history.state || this._returning) return;
    this._returning = true;
    history.back();
  }

  _close() {
    const left = this.open;
    this.open = null;
    this._layout.classList.remove("talks");
    this._conversation.close();
    this.sidebar.focus(left);
    this.changed();
  }

  // -- the browser's history: one entry of the list, and one behind it of what is open -----------

  /** What is open in the browser's entry, if it is this user's. @returns {Key | null} */
  _keyOfEntry() {
    const { user, key } = history.state ?? {};
    return user === this._user ? key : null;
  }

  _noteOpen() {
    if (this._returning) return; // it is noted on arrival
    const entry = { user: this._user, key: this.open };
    if (history.state) history.replaceState(entry, "");
    else history.pushState(entry, "");
  }

  /** The browser goes to another entry. */
  _moved() {
    const key = this._keyOfEntry();
    if (this._returning) {
      this._returning = false;
      if (this.open) this._noteOpen();
      return;
    }
    closeDialogs();
    if (key) this.show(key);
    else if (this.open) this._close();
  }

  /** The user looks at the page, or no longer does. They have not seen what is yet to be drawn. */
  _looked() {
    this._draw();
    this._reading.tell();
  }

  /** Mark what is on the screen as read if the user has seen it. */
  sawMessages() {
    const chat = this.openChat;
    this._conversation.sawMessages();
    if (!chat?.loaded || !isLookedAt()) return;
    const { messages } = this._conversation;
    if (chat.unread || messages.follows) this._reading.saw(chat.key, messages.seenUpto);
  }

  /** Something has changed: draw it with the next frame. */
  changed() {
    if (this._frame) return;
    const later = document.visibilityState === "visible" ? requestAnimationFrame : setTimeout;
    this._frame = Boolean(later(() => this._draw()));
  }

  /** The language has changed. */
  redraw() {
    this._conversation.redraw();
    this.changed();
  }

  _draw() {
    this._frame = false;
    if (!this._layout.isConnected) return; // it is over
    this.notifier.count(this.chats.unread);
    say(this._heading, t("title"));
    this.sidebar.update();
    this._conversation.update();
    this.sawMessages();
  }
}
