/**
 * The conversations, the most recent first.
 *
 * @import {App} from "../app.js"
 * @import {Chat} from "../model/chats.js"
 * @import {Key} from "../protocol/protocol.js"
 */

import { brief, explained, t } from "../i18n/i18n.js";
import { isGroup, idOf } from "../protocol/protocol.js";
import { button, h, reconcile, say } from "./dom.js";
import { openPeople } from "./people.js";
import { openSettings } from "./settings.js";
import { countInWords, lastInWords, nameOf } from "./words.js";

const AIMS = 3_000; // ms since a mouse has moved over the list: it may be about to click
const UNSEEN = 400; // ms since rows have moved: nobody can have seen it

export class Sidebar {
  /** @param {App} app */
  constructor(app) {
    this._app = app;
    /** @type {Map<string, HTMLLIElement>} */
    this._rows = new Map();
    this._name = h("h2", { dir: "auto" });
    this._new = button("", () => openPeople(app), { class: "main" });
    this._menu = button("⚙", () => openSettings(app), { class: "quiet" });
    this._list = h("ul", { pointermove: () => (this._pointedAt = Date.now()) });
    this._pointedAt = this._movedAt = 0;
    /** @type {{key: Key, place: DOMRect}[]} where the rows were before they moved */
    this._before = [];
    this._empty = h("p", { class: "empty" });
    this._more = button("", () => this._loadMore(), { class: "quiet" });
    this.element = h(
      "nav",
      { class: "sidebar", keydown: (event) => this._key(event) },
      h("header", {}, this._name, this._new, this._menu),
      this._empty,
      this._list,
      this._more,
    );
  }

  update() {
    const { chats, conversations } = this._app;
    this.element.ariaLabel = t("conversations");
    say(this._name, this._app.session.me?.name ?? "");
    say(this._new, t("new"));
    this._menu.ariaLabel = t("settings");
    say(this._more, t("more"));
    this._more.hidden = chats.next === null;
    const rows = chats.list().filter((one) => this._isShown(one));
    say(this._empty, rows.length || !conversations.listed ? "" : t("no_conversations"));
    this._arrange(rows.map((chat) => this._row(chat)));
  }

  /** Rows do not move under a moving mouse. @param {Element[]} wanted */
  _arrange(wanted) {
    const there = [...this._list.children];
    const stay = Date.now() - this._pointedAt < AIMS ? there.filter((row) => wanted.includes(row)) : [];
    const rows = [...new Set([...stay, ...wanted])];
    if (there.some((row, place) => row !== rows[place])) {
      this._movedAt = Date.now();
      this._before = [...this._rows].map(([key, row]) => ({ key, place: row.getBoundingClientRect() }));
    }
    reconcile(this._list, rows);
  }

  /**
   * The row that was under the mouse when the user aimed, if rows have moved since.
   * @param {MouseEvent} event
   */
  _aimed({ detail, clientY: y }) {
    if (!detail || Date.now() - this._movedAt >= UNSEEN) return null; // 0: it is the keyboard
    return this._before.find(({ place }) => place.top <= y && y < place.bottom)?.key;
  }

  _loadMore() {
    const { banner, conversations } = this._app;
    conversations.loadMore().catch((error) => banner.notice(explained(error)));
  }

  /** @param {Chat} chat */
  _isShown(chat) {
    const { chats, drafts, open } = this._app;
    if (chat.last || chat.key === open || drafts.of(chat.key)) return true;
    return chats.waiting(chat.key).length > 0;
  }

  /** @param {Chat} chat */
  _row(chat) {
    const app = this._app;
    let row = this._rows.get(chat.key);
    if (!row) {
      row = h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "chat", click: (event) => app.show(this._aimed(event) ?? chat.key) },
          h("span", { class: "face", "aria-hidden": "true" }),
          h("span", { class: "name", dir: "auto" }),
          h("span", { class: "aside" }),
          h("time"),
          h("span", { class: "last", dir: "auto" }),
          h("span", { class: "count", role: "img" }),
        ),
      );
      this._rows.set(chat.key, row);
    }
    this._fill(row, chat);
    return row;
  }

  /** @param {HTMLLIElement} row @param {Chat} chat */
  _fill(row, chat) {
    const find = (/** @type {string} */ what) => /** @type {HTMLElement} */ (row.querySelector(what));
    const { chats, drafts, open, roster } = this._app;
    const name = nameOf(chat, chats.me);
    say(find(".name"), name);
    const face = find(".face");
    say(face, Array.from(name)[0] ?? "?");
    face.style.setProperty("--hue", hue(chat.key));
    const online = roster.isOnline(chat.key);
    face.classList.toggle("online", online);
    say(find(".aside"), [online && t("online"), chat.muted && t("muted")].filter(Boolean).join(", "));
    say(find("time"), chat.last ? brief(chat.last.time, Date.now()) : "");
    const draft = chat.key === open ? "" : drafts.of(chat.key);
    say(find(".last"), lastInWords(chats, chat, draft, Date.now()));
    const count = find(".count");
    say(count, countInWords(chat.unread));
    count.ariaLabel = t("unread", { count: chat.unread });
    count.hidden = !chat.unread;
    const line = find("button");
    line.classList.toggle("muted", chat.muted);
    line.classList.toggle("has-unread", chat.unread > 0);
    line.ariaCurrent = chat.key === open ? "true" : null;
  }

  /** @param {Key | null} key the conversation to stand at; null: before all of them */
  focus(key) {
    const row = key === null ? null : this._rows.get(key);
    (row?.isConnected ? row.querySelector("button") : this._new)?.focus();
  }

  /** Arrows go from one to the next. @param {KeyboardEvent} event */
  _key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey) return;
    const all = [...this._list.querySelectorAll("button")];
    const place = all.findIndex((one) => one === document.activeElement);
    const next = all[place + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}

/** The hue of its colour, in degrees. @param {Key} key */
const hue = (key) => String(((idOf(key) * 7 + (isGroup(key) ? 3 : 0)) % 8) * 45);
