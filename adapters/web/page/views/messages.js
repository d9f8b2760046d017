/**
 * The messages of the conversation that is open.
 *
 * A few hundred of them are elements, however many there are: those around what is seen. What is
 * seen never jumps: an element keeps its place on the screen while others come and go.
 *
 * @import {App} from "../app.js"
 * @import {Entry, Key} from "../protocol/protocol.js"
 * @import {Chat, Unsent} from "../model/chats.js"
 */

import { brief, clock, day, explained, midnight, t } from "../i18n/i18n.js";
import { parts } from "../protocol/links.js";
import { Tick } from "../model/chats.js";
import { button, h, reconcile, say } from "./dom.js";
import { changeInWords } from "./words.js";

const SHOWN = 240; // messages as elements
const STEP = 60; // more of them, as one scrolls
const NEAR = 800; // pixels to the end of what is there, within which more is put there
const TICKS = ["…", "✓", "✓✓", "✓✓"];
const TOGETHER = 5 * 60_000; // ms between messages of one author that stand together

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
    /** @type {Map<string, HTMLLIElement>} */
    this._elements = new Map();
    this._from = 0; // the position of the first that is shown
    this._upto = Infinity; // of the last; Infinity: whatever comes
    this._unreadAbove = Infinity; // where the line is drawn
    this._fetching = false;
    this._followed = true; // whether the newest was seen when it was scrolled last
  }

  get atBottom() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < 48;
  }

  /** Whether its user sees what is new. */
  get follows() {
    return this._upto === Infinity && this.atBottom;
  }

  /** @param {Key} key */
  open(key) {
    this._key = key;
    this._elements.clear();
    this._list.replaceChildren();
    const chat = this._app.chats.chat(key);
    this._unreadAbove = chat.unread ? chat.read : Infinity;
    this._showEnd(chat);
    this.update();
    this.toEnd();
  }

  /** The newest are here; its user may have scrolled in what was kept meanwhile. */
  arrived() {
    this.update();
    this._scrolled(); // where the window is higher than what is here, there is nothing to scroll
  }

  /** Language or theme: all anew. */
  redraw() {
    this._elements.clear();
    this._list.replaceChildren();
    this.update();
  }

  toEnd() {
    const chat = this._chat;
    if (chat && !chat.atEnd) {
      this._app.history.loadNewest(chat.key).then(() => this.toEnd());
      return;
    }
    if (chat) this._showEnd(chat);
    this.update();
    this.element.scrollTop = this.element.scrollHeight;
  }

  /** Show what there is now. */
  update() {
    this._put(this.follows);
  }

  /** @param {boolean} follow whether to go to the end; otherwise what is seen stays where it is */
  _put(follow) {
    const chat = this._chat;
    if (!chat) return;
    this.element.setAttribute("aria-label", t("messages"));
    if (follow) this._showEnd(chat);
    const anchor = follow ? null : this._anchor();
    reconcile(this._list, this._items(chat));
    this._dropHidden();
    if (follow) this.element.scrollTop = this.element.scrollHeight;
    else if (anchor) this._restore(anchor);
  }

  get _chat() {
    return this._key === null ? null : this._app.chats.chat(this._key);
  }

  /** @param {Chat} chat */
  _showEnd(chat) {
    this._upto = Infinity;
    this._from = (chat.messages.at(-SHOWN) ?? chat.messages[0])?.at ?? 0;
  }

  // -- scrolling ---------------------------------------------------------------------------------

  /** A longer draft, or the keyboard of a phone, takes its room from above. */
  _resized() {
    if (this._followed && this._upto === Infinity) this.element.scrollTop = this.element.scrollHeight;
  }

  _scrolled() {
    this._followed = this.follows;
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    if (scrollTop < NEAR) this._back();
    else if (this._upto !== Infinity && scrollHeight - scrollTop - clientHeight < NEAR) this._forth();
    this._app.sawMessages();
  }

  async _back() {
    const chat = this._chat;
    if (!chat?.loaded || this._fetching || !chat.messages.length) return;
    if (!this._showBefore(chat) && !chat.atStart) {
      const before = chat.messages[0].at;
      await this._fetch(() => this._app.history.loadOlder(chat.key, before));
      if (chat === this._chat) this._showBefore(chat);
    }
  }

  /** Return whether there was more here to be shown. @param {Chat} chat */
  _showBefore({ messages }) {
    const place = messages.findIndex((one) => one.at >= this._from);
    if (place > 0) this._show(messages, Math.max(0, place - STEP));
    return place > 0;
  }

  async _forth() {
    const chat = this._chat;
    if (!chat?.loaded || this._fetching || !chat.messages.length) return;
    if (this._showBehind(chat)) return;
    if (chat.atEnd) {
      this._showEnd(chat);
      this._put(false);
    } else {
      const after = chat.messages[chat.messages.length - 1].at;
      await this._fetch(() => this._app.history.loadNewer(chat.key, after));
      if (chat === this._chat) this._showBehind(chat);
    }
  }

  /** Return whether there was more here to be shown. @param {Chat} chat */
  _showBehind({ messages }) {
    const end = messages.length - 1;
    const last = messages.findLastIndex((one) => one.at <= this._upto);
    if (last < end) this._show(messages, Math.max(0, Math.min(last + STEP, end) - SHOWN + 1));
    return last < end;
  }

  /** @param {() => Promise<unknown>} load */
  async _fetch(load) {
    this._fetching = true;
    try {
      await load();
    } catch {
      // offline: what there is stays, and scrolling tries again
    } finally {
      this._fetching = false;
    }
  }

  /** @param {Entry[]} messages @param {number} first */
  _show(messages, first) {
    const last = first + SHOWN - 1;
    this._from = messages[first].at;
    this._upto = last >= messages.length - 1 ? Infinity : messages[last].at;
    if (this._upto === Infinity && !this._chat?.atEnd) this._upto = messages[messages.length - 1].at;
    this._put(false);
  }

  /** What is seen first, and where it ends: its author's name may go as others come above it. */
  _anchor() {
    const top = this.element.getBoundingClientRect().top;
    for (const child of this._list.children) {
      const element = /** @type {HTMLElement} */ (child);
      const { bottom } = element.getBoundingClientRect();
      if (bottom > top && element.dataset.at) return { element, bottom };
    }
    return null;
  }

  /** @param {{element: HTMLElement, bottom: number}} anchor */
  _restore({ element, bottom }) {
    if (!element.isConnected) return;
    this.element.scrollTop += element.getBoundingClientRect().bottom - bottom;
  }

  // -- elements ----------------------------------------------------------------------------------

  /** @param {Chat} chat */
  _items(chat) {
    const now = Date.now();
    const shown = chat.messages.filter((one) => one.at >= this._from && one.at <= this._upto);
    const items = [];
    const first = chat.messages[0];
    if (chat.loaded && chat.atStart && (!first || first.at >= this._from)) {
      items.push(this._line("begin", "begin", t("begin")));
    }
    const news = this._firstUnread(chat);
    const above = chat.messages.findLast((one) => one.at < this._from); // it is not shown
    let before = above && !above.change ? above : null;
    let today = above ? midnight(above.time) : 0;
    for (const entry of shown) {
      const date = midnight(entry.time);
      if (date !== today) {
        today = date;
        items.push(this._line(`day${date}`, "day", day(entry.time, now)));
        before = null;
      }
      if (entry === news) {
        items.push(this._line("unread", "unread", t("unread_line")));
        before = null;
      }
      items.push(entry.change ? this._change(entry) : this._message(entry, before));
      before = entry.change ? null : entry;
    }
    if (this._upto === Infinity) {
      for (const one of this._app.chats.waiting(chat.key)) items.push(this._unsent(one));
    }
    return items;
  }

  /** Where the line is drawn; nowhere if there are more of them than are loaded. @param {Chat} chat */
  _firstUnread({ messages, atStart }) {
    const { me } = this._app.chats;
    const beginsHere = atStart || (messages[0]?.at ?? Infinity) <= this._unreadAbove;
    return beginsHere && messages.find((one) => one.at > this._unreadAbove && one.from !== me);
  }

  /** @param {string} id @param {() => HTMLLIElement} make */
  _element(id, make) {
    const known = this._elements.get(id);
    if (known) return known;
    const made = make();
    this._elements.set(id, made);
    return made;
  }

  /** Elements that are not shown are kept for a while: one scrolls to and fro. */
  _dropHidden() {
    if (this._elements.size <= 4 * SHOWN) return;
    for (const [id, element] of this._elements) if (!element.isConnected) this._elements.delete(id);
  }

  /** @param {string} id @param {string} kind @param {string} text */
  _line(id, kind, text) {
    const element = this._element(id, () => h("li", { class: `line ${kind}` }, h("span", {}, text)));
    say(/** @type {Element} */ (element.firstElementChild), text);
    return element;
  }

  /** @param {Entry} entry */
  _change(entry) {
    return this._element(`c${entry.at}`, () => {
      const text = changeInWords(entry, this._app.chats.names);
      return h("li", { class: "line change", "data-at": entry.at }, h("span", {}, text));
    });
  }

  /** @param {Entry} entry @param {Entry | null} before */
  _message(entry, before) {
    const own = entry.from === this._app.chats.me;
    const joined = before?.from === entry.from && entry.time - before.time < TOGETHER;
    const element = this._element(`m${entry.at}`, () => {
      const author = own ? t("you") : entry.name;
      const time = h("time", { datetime: new Date(entry.time).toISOString() }, clock(entry.time));
      time.title = `${brief(entry.time, 0)} ${clock(entry.time)}`;
      return h(
        "li",
        { class: own ? "message own" : "message", "data-at": entry.at },
        h("span", { class: "author", dir: "auto" }, author),
        entry.deleted
          ? h("p", { class: "text gone" }, t("deleted"))
          : h("p", { class: "text", dir: "auto" }, ...linked(entry.text)),
        h("span", { class: "about" }, time, own && h("span", { class: "tick" })),
      );
    });
    element.classList.toggle("joined", joined);
    if (own) this._setTick(element, this._app.chats.tick(entry));
    return element;
  }

  /** @param {Element} element @param {number} tick */
  _setTick(element, tick) {
    const mark = element.querySelector(".tick");
    if (!(mark instanceof HTMLElement) || mark.dataset.tick === String(tick)) return;
    mark.dataset.tick = String(tick);
    mark.replaceChildren(
      h("span", { "aria-hidden": "true" }, TICKS[tick]),
      h("span", { class: "aside" }, t(`tick_${tick}`)),
    );
  }

  /** @param {Unsent} message */
  _unsent(message) {
    const id = `w${message.cid}${message.error ?? ""}`;
    return this._element(id, () => {
      const element = h(
        "li",
        { class: "message own waits" },
        h("span", { class: "author" }, t("you")),
        h("p", { class: "text", dir: "auto" }, ...linked(message.text)),
        message.error
          ? h(
              "span",
              { class: "about failed" },
              h("span", {}, explained({ error: message.error })),
              button(t("again"), () => this._app.writing.sendAgain(message)),
              button(t("discard"), () => this._app.writing.discard(message)),
            )
          : h("span", { class: "about" }, clock(message.time), h("span", { class: "tick" })),
      );
      this._setTick(element, Tick.WAITS);
      return element;
    });
  }
}

/** @param {string} text */
function linked(text) {
  return parts(text).map(({ text: shown, href }) =>
    href ? h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, shown) : shown,
  );
}
