/** The language of the page: chosen in this browser, or the browser's own. */

import { LANGUAGES, best, speak, spoken, t } from "../i18n/i18n.js";
import { field, h } from "./dom.js";

const LANGUAGE = "chat.language";

export function speakAsChosen() {
  use(kept(() => localStorage[LANGUAGE]) ?? best(navigator.languages));
}

/** @param {() => void} then what draws anew all that is on the screen */
export function languageChoice(then) {
  const choice = h("select", {
    name: "language",
    change: () => {
      use(choice.value);
      then();
      kept(() => (localStorage[LANGUAGE] = choice.value));
    },
  });
  for (const [name, words] of Object.entries(LANGUAGES)) {
    choice.append(h("option", { value: name, lang: name }, words.language));
  }
  choice.value = spoken();
  return field(t("choose_language"), choice);
}

/** Undefined if the browser stores nothing. @template T @param {() => T} what */
function kept(what) {
  try {
    return what();
  } catch {
    return undefined;
  }
}

/** @param {string} language */
function use(language) {
  speak(language);
  document.documentElement.lang = spoken();
}
