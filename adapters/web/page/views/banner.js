/** The line below everything, which does not move. @import {App} from "../app.js" */

import { t } from "../i18n/i18n.js";
import { button, h, say } from "./dom.js";

export class Banner {
  /** @param {App} app */
  constructor(app) {
    this._again = 0;
    this.lost = false; // a connection, or a try to connect
    // It is said aloud once that there is no connection, and not each second when it may be back.
    this._state = h("span");
    this._next = h("span", { "aria-hidden": "true" });
    this._text = h("span", { role: "status" }, this._state, " ", this._next);
    this._retry = button("", () => app.session.retry());
    this._line = h("div", { class: "banner offline", hidden: true }, this._text, this._retry);
    this._notices = h("div", { "aria-live": "polite" });
    this.element = h("div", {}, this._line, this._notices);
    this._clock = setInterval(() => this._count(), 500);
  }

  close() {
    clearInterval(this._clock);
  }

  /** @param {number} again when the next try is, in ms; 0: it is on its way */
  offline(again) {
    this._again = again;
    this.lost ||= again > 0;
    this._line.hidden = false;
    this._count();
  }

  online() {
    this.lost = false;
    this._line.hidden = true;
    this._notices.querySelector(".passing")?.remove();
  }

  /** @param {string} text @param {string} kind "passing": the next connection ends it */
  notice(text, kind = "notice") {
    const line = h("div", { class: `banner ${kind}` });
    const shut = button("×", () => line.remove(), { class: "quiet", "aria-label": t("close") });
    line.append(h("strong", {}, `${t("notice")}: `), h("span", { dir: "auto" }, text), shut);
    if ([...this._notices.children].some((one) => one.isEqualNode(line))) return;
    this._notices.append(line);
    while (this._notices.children.length > 3) this._notices.firstElementChild?.remove();
  }

  _count() {
    if (this._line.hidden) return;
    const seconds = Math.ceil((this._again - Date.now()) / 1000);
    say(this._retry, t("retry"));
    this._retry.hidden = seconds <= 0;
    say(this._state, this.lost ? t("offline") : "");
    say(this._next, seconds > 0 ? t("next_try", { seconds }) : t("connecting"));
  }
}
