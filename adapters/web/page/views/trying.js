/** What its user asks for in a dialog can fail. */

import { explained } from "../i18n/i18n.js";
import { say } from "./dom.js";

/**
 * What does something and says in `alert` why that failed; it returns whether it went well.
 * @param {Element} alert
 * @returns {(act: () => Promise<unknown>) => Promise<boolean>}
 */
export function trier(alert) {
  return async (act) => {
    try {
      say(alert, "");
      await act();
      return true;
    } catch (error) {
      say(alert, explained(error));
      return false;
    }
  };
}
