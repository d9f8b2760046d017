/**
 * Shortcuts that work anywhere: Ctrl-K switches conversations, Alt with an arrow goes to the next
 * one, Escape leaves the open one. Typing goes into its field.
 *
 * @import {App} from "../app.js"
 * @import {Composer} from "./composer.js"
 */

import { t } from "../i18n/i18n.js";
import { composes, dialog, h } from "./dom.js";
import { nameOf } from "./words.js";

const SHOWN = 9; // conversations to go to

/** @param {App} app @param {Composer} composer @returns {(event: KeyboardEvent) => void} */
export function shortcuts(app, composer) {
  return (event) => {
    const { key, altKey } = event;
    const dialogs = document.querySelector("dialog[open]");
    const control = event.ctrlKey || event.metaKey;
    if (control && key === "k") {
      event.preventDefault();
      if (!dialogs) openSwitcher(app);
    } else if (altKey && (key === "ArrowUp" || key === "ArrowDown")) {
      event.preventDefault();
      step(app, key === "ArrowUp" ? -1 : 1);
    } else if (dialogs || !app.open) {
      return;
    } else if (key === "Escape" && !composes(event)) {
      app.back();
    } else if (key.length === 1 && key !== " " && !control && !altKey) {
      composer.focus(); // and the character follows; a space scrolls, or presses a button
    }
  };
}

/** @param {App} app */
const named = (app) => app.chats.list().filter((chat) => chat.name);

/** @param {App} app @param {number} by */
function step(app, by) {
  const keys = named(app).map((chat) => chat.key);
  const place = app.open === null ? -1 : keys.indexOf(app.open);
  const next = keys[Math.max(0, Math.min(place + by, keys.length - 1))];
  if (next && next !== app.open) app.show(next);
}

/** Go to another conversation by part of its name. @param {App} app */
function openSwitcher(app) {
  let chosen = 0;
  /** @type {{key: string, name: string}[]} stays as it is when a message comes */
  let shown = [];
  const input = h("input", {
    type: "search",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "switcher-found",
    "aria-autocomplete": "list",
    "aria-label": t("switch"),
    placeholder: t("switch"),
    autocomplete: "off",
    input: () => look(),
    keydown: (event) => key(event),
  });
  const list = h("ul", { id: "switcher-found", role: "listbox", "aria-label": t("conversations") });
  const box = dialog(t("switch"), input, list);
  box.classList.add("switcher");
  look();
  input.focus();

  function look() {
    chosen = 0;
    shown = found();
    draw();
  }

  function found() {
    const part = input.value.trim().toLowerCase();
    const all = named(app).map((chat) => ({ key: chat.key, name: nameOf(chat, app.chats.me) }));
    for (const one of app.roster.friends.values()) {
      if (!app.chats.all.has(`u${one.id}`)) all.push({ key: `u${one.id}`, name: one.name });
    }
    const place = (/** @type {{name: string}} */ one) => one.name.toLowerCase().indexOf(part);
    const those = all.filter((one) => place(one) >= 0);
    return those.sort((one, other) => place(one) - place(other)).slice(0, SHOWN);
  }

  function draw() {
    const rows = shown.map((one, place) =>
      h(
        "li",
        {
          id: `switcher-${place}`,
          role: "option",
          "aria-selected": String(place === chosen),
          click: () => go(one.key),
          dir: "auto",
        },
        one.name,
      ),
    );
    list.replaceChildren(...rows);
    if (rows.length) input.setAttribute("aria-activedescendant", `switcher-${chosen}`);
    else list.append(h("li", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, t("nothing_found")));
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (composes(event)) return;
    if (event.key === "ArrowDown") chosen = Math.min(chosen + 1, shown.length - 1);
    else if (event.key === "ArrowUp") chosen = Math.max(chosen - 1, 0);
    else if (event.key === "Enter" && shown[chosen]) go(shown[chosen].key);
    else return;
    event.preventDefault();
    draw();
  }

  /** @param {string} to */
  function go(to) {
    box.close();
    app.show(to);
  }
}
