/**
 * The page of somebody who is logged in: it has what they have and what is shown of it, and lets
 * each know what the others have to know.
 *
 * @import {Entry, Frame, Key} from "./protocol/protocol.js"
 * @import {Identity, Session} from "./session/session.js"
 * @import {Store} from "./store/store.js"
 */

import { Conversations } from "./account/conversations.js";
import { Drafts } from "./account/drafts.js";
import { History } from "./account/history.js";
import { Preferences } from "./account/preferences.js";
import { Reading } from "./account/reading.js";
import { Roster } from "./account/roster.js";
import { Writing } from "./account/writing.js";
import { t } from "./i18n/i18n.js";
import { Chats } from "./model/chats.js";
import { MSG, isGroup } from "./protocol/protocol.js";
import { Banner } from "./views/banner.js";
import { ConversationView } from "./views/conversation.js";
import { closeDialogs, h, isLookedAt, say } from "./views/dom.js";
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
    this.banner = new Banner(this);
    this.sidebar = new Sidebar(this);
    this._conversation = new ConversationView(this);
    this._heading = h("h1", { class: "aside" });
    const parts = [this._heading, this.sidebar.element, this._conversation.element];
    this._layout = h("main", { class: "layout" }, ...parts);
    this._frame = false;
    this._listen();
    const { signal } = (this._ends = new AbortController());
    document.addEventListener("keydown", shortcuts(this), { signal });
    document.addEventListener("visibilitychange", () => this.sawMessages(), { signal });
    window.addEventListener("focus", () => this.sawMessages(), { signal });
    window.addEventListener("popstate", () => !history.state && this.open && this.back(), { signal });
    this._clock = setInterval(() => this.changed(), TICK);
  }

  _listen() {
    const { session, writing } = this;
    session.on("online", () => this._online());
    session.on("connecting", () => this.banner.offline(0));
    session.on("offline", ({ again }) => this.banner.offline(again));
    session.on("entries", (entries) => this._pushed(entries));
    session.on("frame", (frame) => this._hear(frame));
    session.on("reset", () => this._reset());
    session.on("trouble", (error) => this.banner.notice(error.message));
    writing.on("wrote", () => this._conversation.messages.toEnd());
    const { conversations, drafts, history, preferences, roster, _reading } = this;
    const all = [conversations, drafts, history, preferences, roster, writing, _reading];
    for (const one of all) one.on("changed", () => this.changed());
  }

  // -- coming and going --------------------------------------------------------------------------

  /** What this browser has kept of it. */
  async restore() {
    await this.conversations.restore();
    await this.drafts.restore();
    await this.writing.restore();
  }

  /** @param {HTMLElement} root */
  showIn(root) {
    root.replaceChildren(this.banner.element, this._layout);
    this._draw();
  }

  /** The session is over; nothing is kept from here on. */
  close() {
    this._ends.abort();
    clearInterval(this._clock);
    closeDialogs();
    this.banner.close();
    this._conversation.composer.close();
    this._store.close();
    this._layout.remove();
  }

  _online() {
    this.banner.online();
    return this._load();
  }

  async _load() {
    try {
      await this.conversations.load();
      await this.roster.load();
      await this.preferences.load();
      if (this.open && !this.openChat?.loaded) await this.history.loadNewest(this.open);
    } catch {
      // the connection is gone again, and so on
    }
  }

  _reset() {
    this.chats.forget();
    if (this.open) this._conversation.messages.open(this.open);
    this.changed();
    return this._load();
  }

  // -- what the server says ----------------------------------------------------------------------

  /** @param {Entry[]} entries */
  _pushed(entries) {
    for (const entry of entries) {
      this.writing.pushed(entry.cid);
      if (this.chats.pushed(entry)) this._tell(entry);
    }
    this.changed();
  }

  /** @param {Entry} entry */
  _tell(entry) {
    const chat = this.chats.chat(entry.key);
    if (entry.key === this.open) this._conversation.announce(entry.name, entry.text);
    if (chat.muted) return;
    const from = isGroup(entry.key) ? `${entry.name} · ${chat.name}` : entry.name;
    this.notifier.tell(from, entry.text, entry.key, () => this.show(entry.key));
  }

  /** @param {Frame} frame */
  _hear(frame) {
    if (frame.msgid === MSG.MARKS) this.chats.marked(frame);
    else if (frame.msgid === MSG.TYPING) this.chats.typing(frame, Date.now());
    else if (frame.msgid === MSG.NOTICE) this.banner.notice(frame.text);
    else if (frame.msgid === MSG.GOING_AWAY) this.banner.notice(t("going_away"));
    else if (frame.msgid === MSG.SETTINGS_ACK) this.preferences.heard(frame);
    else if (frame.msgid === MSG.PRESENCE) this.roster.heard(frame);
    this.changed();
  }

  // -- what is open ------------------------------------------------------------------------------

  get openChat() {
    return this.open === null ? null : this.chats.chat(this.open);
  }

  /** @param {Key} key */
  async show(key) {
    if (!history.state) history.pushState("conversation", ""); // the browser's Back closes it
    this.open = key;
    this._layout.classList.add("talks");
    this._conversation.open();
    if (!matchMedia("(pointer: coarse)").matches) this._conversation.composer.focus();
    this.changed();
    if (this.openChat?.loaded) return this.sawMessages();
    await this.history.restore(key);
    if (this.open !== key) return;
    this._conversation.messages.arrived();
    try {
      await this.history.loadNewest(key);
    } catch {
      return; // offline: what is kept here is shown
    }
    if (this.open === key) this._conversation.messages.arrived();
    this.sawMessages();
  }

  back() {
    const left = this.open;
    this.open = null;
    this._layout.classList.remove("talks");
    this._conversation.close();
    this.sidebar.focus(left);
    this.changed();
  }

  /** What is on the screen may have been seen: if so, it is read. */
  sawMessages() {
    const chat = this.openChat;
    this._conversation.sawMessages();
    if (chat?.loaded && isLookedAt() && this._conversation.messages.follows) this._reading.saw(chat);
  }

  // -- showing -----------------------------------------------------------------------------------

  /** Something has changed: show it with the next frame. */
  changed() {
    if (this._frame) return;
    const later = document.visibilityState === "visible" ? requestAnimationFrame : setTimeout;
    this._frame = Boolean(later(() => this._draw()));
  }

  /** Another language is spoken. */
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
