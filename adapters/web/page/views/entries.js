/**
 * The elements of a conversation: messages, changes, and the lines between them. Each is created
 * once, and kept for a while when it is not shown, since users scroll back.
 *
 * @import {Entry} from "../protocol/protocol.js"
 * @import {Chat, Chats, Unsent} from "../model/chats.js"
 * @import {Excerpt} from "../model/excerpt.js"
 * @import {Writing} from "../account/writing.js"
 */

import { brief, clock, day, explained, midnight, t } from "../i18n/i18n.js";
import { Tick } from "../model/chats.js";
import { parts } from "../protocol/links.js";
import { button, h, say } from "./dom.js";
import { changeInWords } from "./words.js";

const MOST_KEPT = 960; // elements
const TICKS = ["…", "✓", "✓✓", "✓✓"];
const TOGETHER = 5 * 60_000; // ms between messages of one author that stand together

export class Entries {
  /** @param {Chats} chats @param {Writing} writing */
  constructor(chats, writing) {
    this._chats = chats;
    this._writing = writing;
    /** @type {Map<string, HTMLLIElement>} */
    this._elements = new Map();
  }

  clear() {
    this._elements.clear();
  }

  /** Drop those that are not on the page, if there are many. */
  dropHidden() {
    if (this._elements.size <= MOST_KEPT) return;
    for (const [id, element] of this._elements) if (!element.isConnected) this._elements.delete(id);
  }

  /**
   * What is shown of a conversation, in order.
   * @param {Chat} chat @param {Excerpt} excerpt
   * @param {number} unreadAbove the position below the line that tells what is new; Infinity: none
   */
  of(chat, excerpt, unreadAbove) {
    const now = Date.now();
    const items = [this._line("begin", excerpt.hasStart(chat) ? t("begin") : "…")];
    const news = this._firstUnread(chat, unreadAbove);
    const above = excerpt.above(chat);
    let before = above && !above.change ? above : null;
    let today = above ? midnight(above.time) : 0;
    for (const entry of excerpt.of(chat)) {
      const date = midnight(entry.time);
      if (date !== today) {
        today = date;
        items.push(this._line("day", day(entry.time, now), `day${date}`));
        before = null;
      }
      if (entry === news) {
        items.push(this._line("unread", t("unread_line")));
        before = null;
      }
      items.push(entry.change ? this._change(entry) : this._message(entry, before));
      before = entry.change ? null : entry;
    }
    if (excerpt.isAtEnd) {
      for (const one of this._chats.waiting(chat.key)) items.push(this._unsent(one));
    }
    return items;
  }

  /**
   * Where the line is drawn; nowhere if more messages are new than are loaded.
   * @param {Chat} chat @param {number} above
   */
  _firstUnread({ messages, atStart }, above) {
    const { me } = this._chats;
    const beginsHere = atStart || (messages[0]?.at ?? Infinity) <= above;
    return beginsHere && messages.find((one) => one.at > above && one.from !== me);
  }

  /** @param {string} id @param {() => HTMLLIElement} make */
  _element(id, make) {
    const known = this._elements.get(id);
    if (known) return known;
    const made = make();
    this._elements.set(id, made);
    return made;
  }

  /** @param {string} kind @param {string} text */
  _line(kind, text, id = kind) {
    const element = this._element(id, () => h("li", { class: `line ${kind}` }, h("span")));
    say(/** @type {Element} */ (element.firstElementChild), text);
    return element;
  }

  /** @param {Entry} entry */
  _change(entry) {
    const element = this._line("change", changeInWords(entry, this._chats.names), `c${entry.at}`);
    element.dataset.at = String(entry.at);
    return element;
  }

  /** @param {Entry} entry @param {Entry | null} before */
  _message(entry, before) {
    const own = entry.from === this._chats.me;
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
    if (own) this._setTick(element, this._chats.tick(entry));
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
              button(t("again"), () => this._writing.sendAgain(message)),
              button(t("discard"), () => this._writing.discard(message)),
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
