/**
 * What the keyboard does wherever one is: Ctrl-K goes elsewhere, Alt with an arrow to the next
 * conversation, Escape out of the one that is open.
 *
 * @import {App} from "../app.js"
 */

import { composes } from "./dom.js";
import { openSwitcher } from "./switcher.js";

/** @param {App} app @returns {(event: KeyboardEvent) => void} */
export function shortcuts(app) {
  return (event) => {
    const dialogs = document.querySelector("dialog[open]");
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      if (!dialogs) openSwitcher(app);
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      step(app, event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Escape" && !dialogs && app.open && !composes(event)) {
      app.back();
    }
  };
}

/** @param {App} app @param {number} by */
function step(app, by) {
  const keys = app.chats.list().map((chat) => chat.key);
  const place = app.open === null ? -1 : keys.indexOf(app.open);
  const next = keys[Math.max(0, Math.min(place + by, keys.length - 1))];
  if (next) app.show(next);
}
