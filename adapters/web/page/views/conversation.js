/**
 * The conversation that is open.
 *
 * @import {App} from "../app.js"
 */

import { t } from "../i18n/i18n.js";
import { isGroup } from "../protocol/protocol.js";
import { openAbout } from "./about.js";
import { Composer } from "./composer.js";
import { Messages } from "./messages.js";
import { button, h, say } from "./dom.js";
import { countInWords, nameOf } from "./words.js";

export class ConversationView {
  /** @param {App} app */
  constructor(app) {
    this._app = app;
    this.messages = new Messages(app);
    this.composer = new Composer(app);
    this._name = h("h2", { dir: "auto" });
    this._state = h("p", { class: "state" });
    this._back = button("‹", () => app.back(), { class: "quiet back" });
    const about = () => app.openChat && openAbout(app, app.openChat);
    this._about = button("⋯", about, { class: "quiet" });
    this._toEnd = button("↓", () => this.messages.toEnd(), { class: "to-end", hidden: true });
    this._unread = h("span", { class: "count" });
    this._toEnd.append(this._unread);
    this._live = h("div", { class: "aside", "aria-live": "polite" });
    this.element = h(
      "section",
      { class: "conversation", hidden: true },
      h("header", {}, this._back, h("div", { class: "title" }, this._name, this._state), this._about),
      h("div", { class: "between" }, this.messages.element, this._toEnd),
      this._live,
      this.composer.element,
    );
  }

  open() {
    const key = /** @type {string} */ (this._app.open);
    this.element.hidden = false;
    this.messages.open(key);
    this.composer.open(key);
    this._live.replaceChildren();
    this.update();
  }

  close() {
    this.element.hidden = true;
  }

  redraw() {
    this.composer.redraw();
    this.messages.redraw();
  }

  update() {
    const chat = this._app.openChat;
    if (!chat) return;
    const name = nameOf(chat, this._app.chats.me);
    say(this._name, name);
    say(this._state, this._stateOf(chat.key));
    this.element.ariaLabel = t("conversation", { name });
    this._back.ariaLabel = t("back");
    this._about.ariaLabel = t("about");
    this.messages.update();
    this.composer.update();
    this.sawMessages();
  }

  sawMessages() {
    this._toEnd.hidden = this.messages.follows;
    const count = this._app.openChat?.unread ?? 0;
    say(this._unread, countInWords(count));
    this._unread.hidden = !count;
    const label = count ? `${t("to_the_end")}, ${t("unread", { count })}` : t("to_the_end");
    this._toEnd.ariaLabel = label;
  }

  /** Say aloud what has just come. @param {string} from @param {string} text */
  announce(from, text) {
    this._live.append(h("p", {}, `${from}: ${text}`));
    while (this._live.children.length > 3) this._live.firstElementChild?.remove();
  }

  /** @param {string} key */
  _stateOf(key) {
    const names = this._app.chats.typists(key, Date.now());
    if (names.length === 1) return t("typing_one", { name: names[0] });
    if (names.length > 2) return t("typing_several");
    if (names.length > 1) return t("typing_many", { names: names.join(", ") });
    if (isGroup(key)) return t("group");
    const state = this._app.roster.stateOf(key);
    return state && t(state);
  }
}
