/**
 * Who uses the page: somebody who was here before, or who logs in. Each of them gets an `App` and
 * a session of their own, and both end together.
 *
 * @import {Identity} from "./session/session.js"
 */

import { App } from "./app.js";
import { t } from "./i18n/i18n.js";
import { connect, deviceName } from "./session/device.js";
import { forgetIdentity, isForgotten, keepIdentity, keptIdentity } from "./session/identity.js";
import { Session } from "./session/session.js";
import { Store } from "./store/store.js";
import { loginView } from "./views/login.js";

export class Entrance {
  /** @param {HTMLElement} root */
  constructor(root) {
    this._root = root;
    this.session = new Session(connect);
    /** @type {App | null} */
    this._app = null;
    window.addEventListener("online", () => this.session.retry());
    window.addEventListener("offline", () => this.session.drop());
    window.addEventListener("storage", (event) => this._otherTab(event));
  }

  async open() {
    const me = keptIdentity();
    if (!me) return this._showLogin();
    const store = await this._admit(me);
    this._attend();
    await this.session.resume(me, store);
  }

  /**
   * Throws Refused and Lost.
   * @param {string} who a name, or an id in digits @param {string} password
   * @param {boolean} remember whether to be here beyond this tab
   */
  async logIn(who, password, remember) {
    this.session = new Session(connect);
    this._attend(remember);
    const device = deviceName(navigator.userAgent, crypto.getRandomValues(new Uint8Array(2)));
    await this.session.logIn(who, password, device, async (me) => {
      const store = await this._admit(me);
      this._app?.sidebar.focus(null);
      return store;
    });
  }

  /** @param {boolean} [remember] */
  _attend(remember) {
    this.session.on("online", (/** @type {Identity} */ me) => keepIdentity(me, remember));
    this.session.on("ended", (/** @type {{why: string}} */ { why }) => {
      this._leave();
      this._showLogin(t(why));
    });
  }

  /** @param {Identity} me */
  async _admit(me) {
    const store = await Store.open(me.id);
    const app = new App(this.session, store, me, () => this._logOut(me.id));
    await app.restore();
    app.showIn(this._root);
    this._app = app;
    return store;
  }

  /** @param {number} id */
  async _logOut(id) {
    await this.session.logOut();
    this._leave();
    await Store.forget(id);
    this._showLogin();
  }

  _leave() {
    this._app?.close();
    this._app = null;
    forgetIdentity();
  }

  _showLogin(why = "") {
    const view = loginView(this, why);
    this._root.replaceChildren(view);
    view.querySelector("input")?.focus();
  }

  /** Another tab has logged out. @param {StorageEvent} event */
  _otherTab(event) {
    if (isForgotten(event) && this.session.me) location.reload();
  }
}
