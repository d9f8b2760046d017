/**
 * The page as a whole: it has the session, what is known and what is shown, and lets each know what
 * the others have to know.
 *
 * @import {Entry, Frame, Key} from "./protocol/protocol.js"
 * @import {Chat, Unsent} from "./model/chats.js"
 * @import {Identity} from "./session/session.js"
 */

import { best, explained, speak, spoken, t } from "./i18n/i18n.js";
import { Chats } from "./model/chats.js";
import { MSG, idOf, isGroup, keyOf, newCid, userKey, where } from "./protocol/protocol.js";
import { Emitter } from "./session/emitter.js";
import { Session } from "./session/session.js";
import { Store } from "./store/store.js";
import { openAbout } from "./views/about.js";
import { Banner } from "./views/banner.js";
import { ConversationView } from "./views/conversation.js";
import { h, say } from "./views/dom.js";
import { loginView } from "./views/login.js";
import { Notifier } from "./views/notifier.js";
import { openPeople } from "./views/people.js";
import { openSettings } from "./views/settings.js";
import { Sidebar } from "./views/sidebar.js";
import { openSwitcher } from "./views/switcher.js";

const IDENTITY = "chat.identity";
const LANGUAGE = "chat.language";
const PAGE = 60; // messages of the history at a time
const READ_EVERY = 1_000; // ms

/** @typedef {{id: number, name: string, online: boolean}} Friend */

export class App extends Emitter {
  /** @param {HTMLElement} root */
  constructor(root) {
    super();
    this._root = root;
    this.notifier = new Notifier();
    this.preferences = { hide_read: false, hide_typing: false };
    /** @type {Map<number, Friend>} */
    this.friends = new Map();
    /** @type {Map<Key, string>} what is written and not sent */
    this.drafts = new Map();
    /** @type {Key | null} the conversation that is open */
    this.open = null;
    this.chats = new Chats(0);
    this.session = new Session(() => new WebSocket(address()));
    /** @type {Store | null} */
    this._store = null;
    speak(localStorage[LANGUAGE] ?? best(navigator.languages));
    document.documentElement.lang = spoken();
    document.addEventListener("keydown", (event) => this._key(event));
    document.addEventListener("visibilitychange", () => this.sawMessages());
    window.addEventListener("focus", () => this.sawMessages());
    window.addEventListener("online", () => this.session.retry());
    window.addEventListener("offline", () => this.session.drop());
    window.addEventListener("storage", (event) => this._otherTab(event));
    setInterval(() => this.changed(), 1_000); // typing ends, days begin
  }

  // -- coming and going --------------------------------------------------------------------------

  async start() {
    const kept = localStorage[IDENTITY] ?? sessionStorage[IDENTITY];
    if (!kept) return this._showLogin();
    const me = /** @type {Identity} */ (JSON.parse(kept));
    await this._openStore(me);
    this._showChats();
    this._listen();
    await this.session.resume(me, /** @type {Store} */ (this._store));
  }

  /** @param {string} who @param {string} password @param {boolean} remember */
  async logIn(who, password, remember) {
    this._remember = remember;
    this._stop();
    this.session = new Session(() => new WebSocket(address()));
    this._listen();
    await this.session.logIn(who, password, device(), async (me) => {
      await this._openStore(me);
      this._showChats();
      this._sidebar?.focus(null);
      return /** @type {Store} */ (this._store);
    });
  }

  async logOut() {
    const id = this.session.me?.id;
    await this.session.logOut();
    this._forget();
    if (id) await Store.forget(id);
    this._showLogin();
  }

  /** @param {string} why */
  _ended(why) {
    this._forget();
    this._showLogin(t(why));
  }

  _forget() {
    this._stop();
    this._store?.close();
    this._store = null;
    delete localStorage[IDENTITY];
    delete sessionStorage[IDENTITY];
  }

  /** @param {Identity} me */
  async _openStore(me) {
    this.chats = new Chats(me.id);
    this.chats.nameUser(me.id, me.name);
    this.open = null;
    this.friends.clear();
    this._store = await Store.open(me.id);
    const known = await this._store.value("conversations");
    if (known) this.chats.listed(known);
    this.drafts = await this._store.drafts();
    for (const message of await this._store.unsent()) {
      this.chats.wrote(message);
      if (!message.error) this.session.send(message);
    }
  }

  _listen() {
    const { session } = this;
    const told = {
      online: (/** @type {Identity} */ me) => this._online(me),
      connecting: () => this._banner?.offline(0),
      offline: (/** @type {{again: number}} */ { again }) => this._banner?.offline(again),
      ended: (/** @type {{why: string}} */ { why }) => this._ended(why),
      entries: (/** @type {Entry[]} */ entries) => this._pushed(entries),
      frame: (/** @type {Frame} */ frame) => this._hear(frame),
      reset: () => this._reset(),
      sent: (/** @type {{message: Unsent, ack: Frame}} */ { message, ack }) => this._sent(message, ack),
      refused: (/** @type {any} */ { message, error }) => this._refused(message, error.error),
      trouble: (/** @type {Error} */ error) => this._banner?.notice(error.message),
    };
    this._ends = Object.entries(told).map(([event, tell]) => session.on(event, tell));
  }

  _stop() {
    for (const end of this._ends) end();
    this._ends = [];
  }

  /** @param {Identity} me */
  async _online(me) {
    keepIdentity(me, this._remember);
    this._banner?.online();
    const { session } = this;
    try {
      const first = await session.ask({ msgid: MSG.CONVERSATIONS });
      this.chats.listed(first);
      await this._store?.keep("conversations", first);
      await this._loadFriends();
      const { hide_read, hide_typing } = await session.ask({ msgid: MSG.SETTINGS });
      this.preferences = { hide_read, hide_typing };
      if (this.open && !this.openChat?.loaded) await this.loadNewest(this.open);
    } catch {
      // the connection is gone again, and so on
    }
    this.changed();
  }

  async _loadFriends() {
    let after = 0;
    do {
      const page = await this.session.ask({ msgid: MSG.FRIENDS, after, limit: 200 });
      for (const one of page.friends) this._befriended(one);
      after = page.next ?? 0;
    } while (after);
    this.emit("presence");
  }

  _reset() {
    this.chats.forget();
    if (this.open) this._conversation?.messages.open(this.open);
    this.changed();
  }

  // -- what the server says ----------------------------------------------------------------------

  /** @param {Entry[]} entries */
  _pushed(entries) {
    for (const entry of entries) {
      if (this.chats.unsent.has(entry.cid)) this._store?.unqueue(entry.cid);
      if (this.chats.pushed(entry)) this._tell(entry);
    }
    this.changed();
  }

  /** @param {Entry} entry */
  _tell(entry) {
    const chat = this.chats.chat(entry.key);
    if (entry.key === this.open) this._conversation?.announce(entry.name, entry.text);
    if (chat.muted) return;
    const from = isGroup(entry.key) ? `${entry.name} · ${chat.name}` : entry.name;
    this.notifier.tell(from, entry.text, entry.key, () => this.show(entry.key));
  }

  /** @param {Frame} frame */
  _hear(frame) {
    if (frame.msgid === MSG.MARKS) this.chats.marked(frame);
    else if (frame.msgid === MSG.TYPING) this.chats.typing(frame, Date.now());
    else if (frame.msgid === MSG.NOTICE) this._banner?.notice(frame.text);
    else if (frame.msgid === MSG.GOING_AWAY) this._banner?.notice(t("going_away"));
    else if (frame.msgid === MSG.SETTINGS_ACK) this._settled(frame);
    else if (frame.msgid === MSG.PRESENCE) {
      this._befriended(frame);
      this.emit("presence");
    }
    this.changed();
  }

  /** @param {Frame} frame */
  _settled(frame) {
    this.preferences = { hide_read: frame.hide_read, hide_typing: frame.hide_typing };
    if (frame.toid || frame.groupid) this.chats.chat(keyOf(frame)).muted = Boolean(frame.muted);
  }

  /** @param {Record<string, any>} one */
  _befriended({ id, name, state }) {
    this.friends.set(id, { id, name, online: state === "online" });
    this.chats.nameUser(id, name);
  }

  // -- messages ----------------------------------------------------------------------------------

  /** @param {Key} key @param {string} text */
  send(key, text) {
    const time = Date.now();
    const cid = newCid(time, crypto.getRandomValues(new Uint8Array(8)));
    const message = { cid, key, text, time };
    this._store?.queue(message);
    this.chats.wrote(message);
    this.session.send(message);
    this.changed();
    this._conversation?.messages.toEnd();
  }

  /** @param {Unsent} message @param {Frame} ack */
  _sent(message, ack) {
    const entry = this.chats.sent(message.cid, ack.at, ack.time);
    if (entry) this._store?.remember([entry]);
    this._store?.unqueue(message.cid);
    this.changed();
  }

  /** @param {Unsent} message @param {string} error */
  _refused(message, error) {
    const failed = { ...message, error };
    this.chats.wrote(failed);
    this._store?.queue(failed);
    this.changed();
  }

  /** @param {Unsent} message */
  sendAgain(message) {
    this.discard(message);
    this.send(message.key, message.text);
  }

  /** @param {Unsent} message */
  discard(message) {
    this.chats.unsent.delete(message.cid);
    this._store?.unqueue(message.cid);
    this.changed();
  }

  /** @param {Key} key */
  typing(key) {
    this.session.say({ msgid: MSG.TYPING, ...where(key) });
  }

  /** Tell that what is seen is read, if it is. */
  sawMessages() {
    this._conversation?.sawMessages();
    const chat = this.openChat;
    const looks = document.visibilityState === "visible" && document.hasFocus();
    if (!chat?.last || !looks || !this._conversation?.messages.follows) return;
    if (!this.session.online || !this.chats.haveRead(chat.key, chat.last.at)) return;
    this._reading.set(chat.key, chat.last.at);
    this._readTimer ??= setTimeout(() => this._sayRead(), READ_EVERY);
    this.changed();
  }

  _sayRead() {
    this._readTimer = null;
    for (const [key, at] of this._reading) this.session.say({ msgid: MSG.READ, ...where(key), at });
    this._reading.clear();
  }

  /** @param {Key} key */
  loadNewest(key) {
    return this._load(key, "newest");
  }

  /** @param {Key} key @param {number} before */
  loadOlder(key, before) {
    return this._load(key, "older", { before });
  }

  /** @param {Key} key @param {number} after */
  loadNewer(key, after) {
    return this._load(key, "newer", { after });
  }

  /** @param {Key} key @param {"newest" | "older" | "newer"} which @param {object} [place] */
  async _load(key, which, place) {
    const { chats } = this;
    const ack = await this.session.ask({ msgid: MSG.HISTORY, ...where(key), ...place, limit: PAGE });
    if (chats !== this.chats) return; // somebody else has logged in
    const entries = chats.paged(ack, which);
    if (key === this.open) this.changed();
    // It is shown before it is kept; what is not kept is asked for once more.
    this._store?.remember(entries).catch(() => {});
  }

  // -- what its user does ------------------------------------------------------------------------

  get openChat() {
    return this.open === null ? null : this.chats.chat(this.open);
  }

  /** @param {Key} key */
  async show(key) {
    this.open = key;
    this._layout?.classList.add("talks");
    this._conversation?.open();
    if (!matchMedia("(pointer: coarse)").matches) this._conversation?.composer.focus();
    this.changed();
    const { loaded } = this.chats.chat(key);
    if (loaded) return this.sawMessages();
    const kept = (await this._store?.latest(key, Number.MAX_SAFE_INTEGER, PAGE)) ?? [];
    if (this.open !== key) return;
    this.chats.remembered(key, kept);
    this._conversation?.messages.open(key);
    try {
      await this.loadNewest(key);
    } catch {
      return; // offline: what is kept here is shown
    }
    if (this.open === key) this._conversation?.messages.arrived();
    this.sawMessages();
  }

  back() {
    const left = this.open;
    this.open = null;
    this._layout?.classList.remove("talks");
    this._conversation?.close();
    this._sidebar?.focus(left);
    this.changed();
  }

  async moreConversations() {
    const before = this.chats.next;
    if (before === null) return;
    await this.session.ask({ msgid: MSG.CONVERSATIONS, before }).then(
      (page) => this.chats.listed(page),
      (error) => this._banner?.notice(explained(error)),
    );
    this.changed();
  }

  openPeople() {
    openPeople(this);
  }

  openSettings() {
    openSettings(this);
  }

  openAbout() {
    if (this.openChat) openAbout(this, this.openChat);
  }

  /** Somebody whose name is known now. @param {Record<string, any>} user */
  met({ id, name }) {
    this.chats.nameUser(id, name);
    this.chats.chat(userKey(id)).name = name;
  }

  /** @param {number} friendid */
  async addFriend(friendid) {
    const ack = await this.session.ask({ msgid: MSG.ADD_FRIEND, friendid });
    this._befriended(ack.friend);
    this.emit("presence");
    this.changed();
  }

  /** @param {number} friendid */
  async removeFriend(friendid) {
    await this.session.ask({ msgid: MSG.REMOVE_FRIEND, friendid });
    this.friends.delete(friendid);
    this.emit("presence");
    this.changed();
  }

  /** @param {Chat} chat @param {boolean} muted */
  async mute(chat, muted) {
    await this.session.ask({ msgid: MSG.SETTINGS, ...where(chat.key), muted });
    chat.muted = muted;
    this.changed();
  }

  /** @param {Record<string, boolean>} wanted */
  async prefer(wanted) {
    this._settled(await this.session.ask({ msgid: MSG.SETTINGS, ...wanted }));
  }

  /** @param {string} old @param {string} next */
  async changePassword(old, next) {
    const ack = await this.session.ask({ msgid: MSG.CHANGE_PASSWORD, old, new: next });
    const { me } = this.session;
    if (!me) return;
    me.token = ack.token;
    keepIdentity(me);
  }

  /** @param {Key} key */
  async draft(key) {
    return (await this._store?.draft(key)) ?? "";
  }

  /** @param {Key} key @param {string} text */
  keepDraft(key, text) {
    if (text) this.drafts.set(key, text);
    else this.drafts.delete(key);
    this._store?.keepDraft(key, text);
    this.changed();
  }

  /** @param {string} language */
  speak(language) {
    speak(language);
    localStorage[LANGUAGE] = language;
    document.documentElement.lang = spoken();
    this._login?.draw();
    this._conversation?.redraw();
    this.changed();
  }

  // -- in words ----------------------------------------------------------------------------------

  /** @param {Chat} chat */
  nameOf(chat) {
    const name = chat.name || t("number", { id: idOf(chat.key) });
    return chat.key === userKey(this.chats.me) ? t("oneself", { name }) : name;
  }

  /** @param {Key} key */
  isFriend(key) {
    return !isGroup(key) && this.friends.has(idOf(key));
  }

  /** @param {Key} key */
  isOnline(key) {
    return !isGroup(key) && Boolean(this.friends.get(idOf(key))?.online);
  }

  /** @param {Chat} chat */
  lastInWords(chat) {
    const typists = this.chats.typists(chat.key, Date.now());
    if (typists.length) return t("typing_one", { name: typists[0] });
    const waits = this.chats.waiting(chat.key).at(-1);
    const { last } = chat;
    const draft = chat.key === this.open ? "" : this.drafts.get(chat.key);
    if (waits) return `${t("you")}: ${waits.text}`;
    if (draft) return `${t("draft")}: ${draft}`;
    if (!last) return "";
    if (last.change) return this.changeInWords(last);
    const text = last.deleted ? t("deleted") : last.text;
    if (last.from === this.chats.me) return `${t("you")}: ${text}`;
    return isGroup(chat.key) ? `${last.name}: ${text}` : text;
  }

  /** @param {Entry} entry */
  changeInWords(entry) {
    const { change } = entry;
    if (!change) return "";
    const name = entry.from === 0 ? t("operator") : entry.name;
    const whom = this.chats.names.get(change.whom) ?? t("somebody");
    const text = t(`change_${change.what}`, { name, whom, group: change.name });
    const follows = change.what === "left" && change.whom > 0;
    return follows ? `${text}. ${t("new_creator", { whom })}` : text;
  }

  // -- showing -----------------------------------------------------------------------------------

  /** Something has changed: show it with the next frame. */
  changed() {
    if (this._frame) return;
    const later = document.visibilityState === "visible" ? requestAnimationFrame : setTimeout;
    this._frame = Boolean(later(() => this._draw()));
  }

  _draw() {
    this._frame = false;
    this.notifier.count(this.chats.unread);
    if (!this._layout?.isConnected) return;
    if (this._heading) say(this._heading, t("title"));
    this._sidebar?.update();
    this._conversation?.update();
    this.sawMessages();
  }

  _showLogin(why = "") {
    this._login = loginView(this, why);
    this._layout = this._sidebar = this._conversation = this._banner = null;
    this._root.replaceChildren(this._login.element);
    this._login.element.querySelector("input")?.focus();
    this.notifier.count(0);
  }

  _showChats() {
    this._login = null;
    this._banner = new Banner(this);
    this._heading = h("h1", { class: "aside" }, t("title"));
    this._sidebar = new Sidebar(this);
    this._conversation = new ConversationView(this);
    this._layout = h("main", { class: "layout" }, this._heading, this._sidebar.element, this._conversation.element);
    this._root.replaceChildren(this._banner.element, this._layout);
    this._draw();
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (!this._layout) return;
    const dialogs = document.querySelector("dialog[open]");
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      if (!dialogs) openSwitcher(this);
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this._step(event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Escape" && !dialogs && this.open && !event.isComposing) {
      this.back();
    }
  }

  /** @param {number} step */
  _step(step) {
    const keys = this.chats.list().map((chat) => chat.key);
    const place = this.open === null ? -1 : keys.indexOf(this.open);
    const next = keys[Math.max(0, Math.min(place + step, keys.length - 1))];
    if (next) this.show(next);
  }

  /** Another tab has logged out. @param {StorageEvent} event */
  _otherTab(event) {
    if (event.key === IDENTITY && event.newValue === null && this.session.me) location.reload();
  }

  /** @type {(() => void)[]} */
  _ends = [];
  /** @type {boolean | undefined} */
  _remember;
  /** @type {Map<Key, number>} */
  _reading = new Map();
  /** @type {any} */
  _readTimer = null;
  _frame = false;
  /** @type {ReturnType<typeof loginView> | null} */
  _login = null;
  /** @type {HTMLElement | null} */
  _layout = null;
  /** @type {HTMLElement | null} */
  _heading = null;
  /** @type {Sidebar | null} */
  _sidebar = null;
  /** @type {ConversationView | null} */
  _conversation = null;
  /** @type {Banner | null} */
  _banner = null;
}

/**
 * Beyond this tab only where its user has asked for that, or had before.
 * @param {Identity} me
 */
function keepIdentity(me, remember = IDENTITY in localStorage) {
  (remember ? localStorage : sessionStorage)[IDENTITY] = JSON.stringify(me);
}

/** Where the page comes from is where the chat is. */
function address() {
  const url = new URL("chat", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return url;
}

/** What the user may call this device in a list of devices. */
function device() {
  const { userAgent } = navigator;
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(userAgent)?.[1] ?? "Browser";
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(userAgent)?.[1] ?? "";
  const random = crypto.getRandomValues(new Uint8Array(2));
  const number = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${browser} ${system} ${number}`.replace(/\s+/g, " ");
}
