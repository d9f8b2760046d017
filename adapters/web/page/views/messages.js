/**
 * The messages of the open conversation.
 *
 * Only those around the view are elements. What is seen never jumps: an element keeps its place on
 * the screen while others come and go.
 *
 * @import {App} from "../app.js"
 * @import {Chat} from "../model/chats.js"
 * @import {Entry, Key} from "../protocol/protocol.js"
 */

import { t } from "../i18n/i18n.js";
import { MOST_LOADED, isNews } from "../model/chats.js";
import { Excerpt } from "../model/excerpt.js";
import { h, isLookedAt, reconcile } from "./dom.js";
import { Entries } from "./entries.js";

const NEAR = 800; // pixels to the end of what is there, within which more is put there

export class Messages {
  /** @param {App} app */
  constructor(app) {
    this._app = app;
    this._list = h("ol", { class: "entries" });
    this.element = h(
      "div",
      { class: "messages", tabindex: "0", role: "log", "aria-live": "off", scroll: () => this._scrolled() },
      this._list,
    );
    new ResizeObserver(() => this._resized()).observe(this.element);
    /** @type {Key | null} */
    this._key = null;
    this._entries = new Entries(app.chats, app.writing);
    this._excerpt = new Excerpt();
    this._unreadAbove = Infinity; // where the line is drawn
    this._openedAt = 0; // pixels from above
    this._openedAtEnd = true;
    this._fetching = false;
    this._isBack = false; // there is a connection again, and nothing is shown yet of what was missed
    app.session.on("online", () => (this._isBack = true));
    this._stops = false; // whether whoever follows what comes stays at the line above it
    this._came = false; // whether more has come than whoever follows was shown
    this._width = 0; // pixels, when it was resized last
    this._followed = true; // whether the newest was seen when it was scrolled last
  }

  /** Whether the user sees what is new. */
  get follows() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return this._excerpt.isAtEnd && scrollHeight - scrollTop - clientHeight < 48;
  }

  /** The position up to which the user sees it, from where it was opened; 0 if there is nothing. */
  get seenUpto() {
    const chat = this._chat;
    if (chat && this.follows) return chat.messages.at(-1)?.at ?? 0;
    const end = this.element.getBoundingClientRect().bottom;
    for (let one = this._list.lastElementChild; one; one = one.previousElementSibling) {
      const at = one instanceof HTMLElement && one.dataset.at;
      if (at && one.getBoundingClientRect().bottom <= end) return Number(at);
    }
    return 0;
  }

  /** @param {Key} key */
  open(key) {
    this._key = key;
    this._entries.clear();
    this._list.replaceChildren();
    this._toNews(this._app.chats.chat(key));
  }

  /** Whether the user has not scrolled away. At its end, a banner that goes moves it. */
  get isAsOpened() {
    return this.element.scrollTop === this._openedAt || (this._openedAtEnd && this.follows);
  }

  /** More is loaded; the user may have scrolled in what was here before. */
  arrived() {
    const chat = this._chat;
    if (chat && this.isAsOpened) return this._toNews(chat);
    const staysAtEnd = Number.isNaN(this._openedAt) && this.follows;
    this.update();
    if (staysAtEnd && !chat?.atEnd) this.toEnd(); // what has come has another end
  }

  /**
   * It is pushed. Whoever looks elsewhere, or had no connection, will find a line above it.
   * @param {Entry} entry
   */
  comes(entry) {
    const chat = this._chat;
    if (!chat?.loaded) return;
    this._came = true;
    // One more would drop the oldest, which whoever does not follow may be reading.
    if (chat.messages.length >= MOST_LOADED && !this.follows) chat.atEnd = false;
    if (entry.at <= chat.read || !isNews(entry, this._app.chats.me)) return;
    const missed = entry.at <= this._app.session.head;
    if (missed ? this._isBack : !isLookedAt()) {
      this._unreadAbove = chat.read;
      // A window without the focus may be beside another, and be seen to follow.
      this._stops = this.follows && (missed || document.visibilityState === "hidden");
    } else if (!missed) this._stops = false;
    if (missed) this._isBack = false; // the next ones are below the same line
  }

  /** Go to the line above what is new, or to the end if there is none. @param {Chat} chat */
  _toNews(chat) {
    this._unreadAbove = chat.unread ? chat.read : Infinity;
    this._excerpt.toNews(chat, this._unreadAbove);
    this._put(false);
    this._toLine();
    this._openedAt = this.element.scrollTop;
    this._openedAtEnd = this.follows;
    this._stops = false;
  }

  /** To the line above what is new, if there is one, or as far as one can scroll. */
  _toLine() {
    const line = this._list.querySelector(".unread");
    if (line instanceof HTMLElement) this.element.scrollTop = line.offsetTop;
    else this.element.scrollTop = this.element.scrollHeight;
    this._followed = this.follows;
    this._seen = this._anchor();
  }

  redraw() {
    this._entries.clear();
    this._list.replaceChildren();
    this.update();
  }

  /** To the end, or without a connection to that of what is kept. */
  async toEnd() {
    const chat = this._chat;
    if (!chat) return;
    const { history } = this._app;
    this._stops = false;
    this._openedAt = NaN; // it is where its user wants it
    this._openedAtEnd = false;
    if (!chat.atEnd) await history.loadNewest(chat.key).catch(() => history.restoreNewest(chat.key));
    if (chat === this._chat) this._put(true);
  }

  update() {
    const { follows } = this;
    this._fill();
    this._put(follows);
  }

  /** @param {boolean} follow whether to go to the end; otherwise what is seen stays where it is */
  _put(follow) {
    const chat = this._chat;
    if (!chat) return;
    this.element.ariaLabel = t("messages");
    // When nothing has come, the line may be out of view just because there is less room, as above
    // the keyboard of a phone.
    const stops = follow && this._stops && this._came;
    if (follow) this._excerpt.toNews(chat, stops ? this._unreadAbove : Infinity);
    if (follow) this._came = false;
    const anchor = follow ? null : this._anchor();
    reconcile(this._list, this._entries.of(chat, this._excerpt, this._unreadAbove));
    this._entries.dropHidden();
    if (stops) {
      this._toLine();
      this._stops = this.follows;
    } else if (follow) this.element.scrollTop = this.element.scrollHeight;
    else this._backTo(anchor);
  }

  get _chat() {
    return this._key === null ? null : this._app.chats.chat(this._key);
  }

  /**
   * A longer draft, or the keyboard of a phone, takes its room from above. In another width, as of a
   * phone that is turned, each message has another height.
   */
  _resized() {
    if (this._followed && this._excerpt.isAtEnd) this.element.scrollTop = this.element.scrollHeight;
    else this._backTo(this._seen);
    this._width = this.element.clientWidth;
  }

  _scrolled() {
    if (this._width !== this.element.clientWidth) return; // not by the user: it is resized next
    this._followed = this.follows;
    this._seen = this._anchor();
    this._fill();
    this._app.sawMessages();
  }

  /** Put more where an end of what is here is near, where there may be nothing to scroll. */
  _fill() {
    const chat = this._chat;
    if (!chat?.loaded || !chat.messages.length) return;
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    if (scrollTop < NEAR) this._back(chat);
    if (!this._excerpt.isAtEnd && scrollHeight - scrollTop - clientHeight < NEAR) this._forth(chat);
  }

  /** @param {Chat} chat */
  _back(chat) {
    const { history } = this._app;
    if (this._excerpt.back(chat)) this._put(false);
    else if (!chat.atStart) this._fetch(() => history.loadOlder(chat.key, chat.messages[0].at));
  }

  /** @param {Chat} chat */
  _forth(chat) {
    const { history } = this._app;
    const last = chat.messages[chat.messages.length - 1].at;
    if (!this._excerpt.forth(chat)) {
      if (!chat.atEnd) return this._fetch(() => history.loadNewer(chat.key, last));
      this._excerpt.toEnd(chat);
    }
    this._put(false);
  }

  /** One at a time. @param {() => Promise<unknown>} load */
  async _fetch(load) {
    if (this._fetching) return;
    this._fetching = true;
    await load().catch(() => {}); // offline
    this._fetching = false;
  }

  /**
   * The first element in view, and its lower edge, since its author's name may go as others come
   * above it.
   */
  _anchor() {
    const top = this.element.getBoundingClientRect().top;
    for (const child of this._list.children) {
      const element = /** @type {HTMLElement} */ (child);
      const { bottom } = element.getBoundingClientRect();
      if (bottom > top && element.dataset.at) return { element, bottom };
    }
    return null;
  }

  /** Let it be again where it was. @param {{element: HTMLElement, bottom: number} | null} anchor */
  _backTo(anchor) {
    if (!anchor?.element.isConnected) return;
    this.element.scrollTop += anchor.element.getBoundingClientRect().bottom - anchor.bottom;
  }

  /** @type {{element: HTMLElement, bottom: number} | null} what was seen when it was scrolled last */
  _seen = null;
}
