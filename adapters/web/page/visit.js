/**
 * A user's visit: the session, what this browser keeps for it, and the page that shows it. They
 * begin with a login, or from an earlier one, and end together.
 *
 * @import {Identity} from "./session/session.js"
 */

import { App } from "./app.js";
import { t } from "./i18n/i18n.js";
import { connect, deviceName, forgetIdentity, keepIdentity, keptIdentity, newestToken } from "./session/identity.js";
import { Session } from "./session/session.js";
import { Store } from "./store/store.js";

export class Visit {
  /** @param {HTMLElement} root @param {(why: string) => void} over told why, "" after a log out */
  constructor(root, over) {
    this._root = root;
    this._over = over;
    this._session = new Session(connect);
    this._ends = new AbortController();
    /** @type {Identity | null} */
    this._me = null;
    /** @type {App | null} */
    this._app = null;
  }

  /** Throws Refused and Lost. @param {string} name @param {string} password */
  register(name, password) {
    return this._session.register(name, password);
  }

  /**
   * Throws Refused and Lost.
   * @param {string} who a name, or an id in digits @param {string} password
   * @param {boolean} remember whether to be here beyond this tab
   */
  async logIn(who, password, remember) {
    this._attend();
    const device = deviceName(navigator.userAgent, crypto.getRandomValues(new Uint8Array(2)));
    await this._session.logIn(who, password, device, async (me) => {
      const store = await this._admit(me);
      keepIdentity(me, remember);
      this._app?.sidebar.focus(null);
      return store;
    });
  }

  /** @param {Identity} me who was here before */
  async resume(me) {
    const store = await this._admit(me);
    this._attend();
    await this._session.resume(me, store);
  }

  _attend() {
    const session = this._session;
    session.on("online", keepIdentity);
    session.on("connecting", () => {
      if (session.me) session.me.token = newestToken(session.me);
    });
    session.on("ended", () => {
      this._leave();
      this._over(t("ended"));
    });
  }

  /** @param {Identity} me */
  async _admit(me) {
    this._me = me;
    const store = await Store.open(me, () => this._keepAnew(me));
    const app = new App(this._session, store, me, () => this._logOut(store));
    await app.restore();
    app.showIn(this._root);
    this._app = app;
    const { signal } = this._ends;
    window.addEventListener("online", () => this._session.retry(), { signal });
    window.addEventListener("offline", () => this._session.drop(), { signal });
    return store;
  }

  /**
   * What was kept was deleted: this session is over, or another of this browser.
   * @param {Identity} me
   */
  async _keepAnew(me) {
    if (this._ends.signal.aborted) return;
    const reload = () => location.reload();
    if (keptIdentity()?.session !== me.session) reload();
    else await this._app?.keepAnew().catch(reload); // where a later page has it
  }

  /** @param {Store} store */
  async _logOut(store) {
    await this._session.logOut();
    this._leave();
    this._over("");
    await store.forget();
  }

  _leave() {
    this._ends.abort();
    this._app?.close();
    if (this._me) forgetIdentity(this._me);
  }
}
