/**
 * The input for messages. Enter sends, unless an input method is composing; Shift-Enter begins a
 * new line.
 *
 * @import {App} from "../app.js"
 * @import {Key} from "../protocol/protocol.js"
 */

import { t } from "../i18n/i18n.js";
import { pieces, tidied } from "../protocol/protocol.js";
import { button, composes, form, h, say } from "./dom.js";

const TYPING_EVERY = 3_100; // ms; the server passes on no more than one in 3 s
const DRAFT_AFTER = 300;
const EMOJI = [..."😀😂🙂😉😊😍😘😜🤔😎😴😢😭😡😱🥳👍👎👌🙏👏💪👋🎉🔥✨🎂🌹🍺🍵🐱🐶🌞🌧🚀✅❌❓❗💯"];

export class Composer {
  /** @param {App} app */
  constructor(app) {
    this._app = app;
    /** @type {Key | null} */
    this._key = null;
    this._typedAt = 0;
    this._field = h("textarea", {
      rows: "1",
      enterkeyhint: "send",
      dir: "auto",
      keydown: (event) => this._key_(event),
      input: () => this._changed(),
    });
    this._hint = h("p", { class: "hint", role: "status" });
    this._emoji = button("☺", () => this._chooseEmoji(), { class: "quiet" });
    // Whoever taps it goes on writing: the field keeps the focus, and a phone its keyboard.
    this._send = h("button", { type: "submit", class: "main", mousedown: (event) => event.preventDefault() });
    this.element = form(
      () => this._submit(),
      { class: "composer" },
      this._hint,
      h("div", { class: "row" }, this._emoji, this._field, this._send),
    );
    this.redraw();
  }

  redraw() {
    this._field.placeholder = t("write");
    this._field.ariaLabel = t("write");
    this._emoji.ariaLabel = t("emoji");
    say(this._send, t("send"));
    this._say();
  }

  focus() {
    this._field.focus();
  }

  /**
   * Show the known draft at once: what is typed while it is read again goes after it.
   * @param {Key} key
   */
  async open(key) {
    this._keepDraft();
    this._key = key;
    this._typedAt = 0;
    const known = this._app.drafts.of(key);
    this._put(known);
    this.update();
    const draft = await this._app.drafts.read(key);
    if (this._key !== key || this._field.value !== known || draft === known) return;
    this._put(draft);
    this._keepDraft();
  }

  /** The session is over, perhaps in the middle of a word: its user may come back to it. */
  close() {
    this._keepDraft();
  }

  /** A user who has left a group cannot write in it. */
  update() {
    if (this._key === null) return;
    const { left } = this._app.chats.chat(this._key);
    if (this._field.disabled === left) return;
    this._field.disabled = this._send.disabled = this._emoji.disabled = left;
    this._say();
  }

  /** @param {KeyboardEvent} event */
  _key_(event) {
    if (event.key !== "Enter" || event.shiftKey || composes(event)) return;
    event.preventDefault();
    this._submit();
  }

  _submit() {
    const text = tidied(this._field.value);
    if (!text || this._key === null) return;
    for (const piece of pieces(text)) this._app.writing.send(this._key, piece);
    this._put("");
    this._keepDraft();
  }

  _changed() {
    this.grow();
    this._say();
    this._timer ??= setTimeout(() => this._keepDraft(), DRAFT_AFTER); // who types on is not waited for
    const now = Date.now();
    if (this._key !== null && this._field.value && now - this._typedAt >= TYPING_EVERY) {
      this._typedAt = now;
      this._app.writing.typing(this._key);
    }
  }

  _keepDraft() {
    clearTimeout(this._timer);
    this._timer = null;
    if (this._key !== null) this._app.drafts.keep(this._key, this._field.value);
  }

  _say() {
    const left = this._key !== null && this._app.chats.chat(this._key).left;
    const count = pieces(tidied(this._field.value)).length;
    say(this._hint, left ? t("left_group") : count > 1 ? t("too_long", { count }) : "");
  }

  /** @param {string} text */
  _put(text) {
    this._field.value = text;
    this.grow();
    this._say();
  }

  /** Be as high as what is written needs. */
  grow() {
    this.element.style.height = `${this.element.offsetHeight}px`; // what is above stays meanwhile
    this._field.style.height = "auto";
    this._field.style.height = `${Math.min(this._field.scrollHeight + 2, 180)}px`; // 2: its border
    this.element.style.height = "";
  }

  _chooseEmoji() {
    const open = this.element.querySelector(".emoji");
    if (open) {
      open.remove();
      return;
    }
    const choose = (/** @type {string} */ one) => {
      const { selectionStart: from, selectionEnd: upto } = this._field;
      this._field.setRangeText(one, from, upto, "end");
      this._changed();
      this.focus();
      box.remove();
    };
    const leave = (/** @type {FocusEvent} */ { relatedTarget: to }) => {
      if (to !== this._emoji && !(to instanceof Node && box.contains(to))) box.remove();
    };
    const box = h(
      "div",
      {
        class: "emoji",
        role: "group",
        "aria-label": t("emoji"),
        focusout: leave,
        keydown: (event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          this._emoji.focus();
          box.remove();
        },
      },
      ...EMOJI.map((one) => button(one, () => choose(one), { class: "quiet" })),
    );
    this.element.prepend(box);
    box.querySelector("button")?.focus();
  }

  /** @type {any} */
  _timer = null;
}
