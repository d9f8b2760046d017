/**
 * Telling the user of messages that came while they looked elsewhere: in the title, and by a
 * notification if they want that.
 */

import { t } from "../i18n/i18n.js";
import { isLookedAt } from "./dom.js";
import { countInWords } from "./words.js";

const WANTED = "chat.notify";

export class Notifier {
  get wanted() {
    return "Notification" in window && Notification.permission === "granted" && localStorage[WANTED] === "yes";
  }

  /** Return whether it is as wanted now. @param {boolean} on */
  async want(on) {
    if (!on) {
      localStorage.removeItem(WANTED);
      return true;
    }
    if (!("Notification" in window)) return false;
    if ((await Notification.requestPermission()) !== "granted") return false;
    localStorage[WANTED] = "yes";
    return true;
  }

  /** @param {number} unread */
  count(unread) {
    const title = unread ? `(${countInWords(unread)}) ${t("title")}` : t("title");
    if (document.title !== title) document.title = title;
  }

  /** @param {string} from @param {string} text @param {string} key @param {() => void} open */
  tell(from, text, key, open) {
    if (!this.wanted || isLookedAt()) return;
    const shown = notification(from, { body: text.slice(0, 200), tag: key });
    if (!shown) return;
    shown.onclick = () => {
      window.focus();
      open();
      shown.close();
    };
  }
}

/** @param {string} title @param {NotificationOptions} options */
function notification(title, options) {
  try {
    return new Notification(title, options);
  } catch {
    return null; // browsers of phones have them, but let no page make them by itself
  }
}
