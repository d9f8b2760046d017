/**
 * The page's user: somebody who was here before, or who logs in. The modules for logged-in users
 * are fetched once the user is known, or while they fill in the login form.
 *
 * @import {Visit} from "./visit.js"
 */

import { explained } from "./i18n/i18n.js";
import { keptIdentity } from "./session/identity.js";
import { speakAsChosen } from "./views/language.js";
import { loginView } from "./views/login.js";

export class Entrance {
  /** @param {HTMLElement} root */
  constructor(root) {
    this._root = root;
  }

  async open() {
    try {
      const me = keptIdentity();
      if (me) {
        fetchOthers();
        const visit = await this._newVisit();
        return await visit.resume(me);
      }
      this._showLogin();
    } catch (error) {
      this._showLogin(explained(error));
    }
    requestAnimationFrame(() => setTimeout(fetchOthers)); // when that is on the screen
  }

  /** Throws Refused and Lost. @param {string} name @param {string} password */
  async register(name, password) {
    const visit = await this._newVisit();
    await visit.register(name, password);
  }

  /**
   * Throws Refused and Lost.
   * @param {string} who a name, or an id in digits @param {string} password
   * @param {boolean} remember whether to be here beyond this tab
   */
  async logIn(who, password, remember) {
    const visit = await this._newVisit();
    await visit.logIn(who, password, remember);
  }

  /** @returns {Promise<Visit>} */
  async _newVisit() {
    const { Visit } = await import("./visit.js");
    return new Visit(this._root, (why) => this._showLogin(why));
  }

  _showLogin(why = "") {
    const view = loginView(this, why);
    this._root.replaceChildren(view);
    view.querySelector("input")?.focus();
  }
}

/** Fetch all other modules at once, so that none waits for another's import. */
function fetchOthers() {
  const links = /** @type {NodeListOf<HTMLLinkElement>} */ (document.querySelectorAll("link[rel=later]"));
  for (const link of links) link.rel = "modulepreload";
}

const root = document.createElement("div");
root.id = "app";
document.body.append(root);
speakAsChosen();
new Entrance(root).open();
