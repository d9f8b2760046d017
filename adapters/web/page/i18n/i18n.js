/** The texts of the page, in the user's language. */

import en from "./en.js";
import zh from "./zh.js";

/** @type {Record<string, Record<string, string>>} */
export const LANGUAGES = { en, zh };

let language = "en";

/** @param {readonly string[]} preferred of the browser, the best first */
export function best(preferred) {
  const found = preferred.map((one) => one.slice(0, 2)).find((one) => one in LANGUAGES);
  return found ?? "en";
}

/** @param {string} name */
export function speak(name) {
  language = name in LANGUAGES ? name : "en";
}

export const spoken = () => language;

/** @param {string} key @param {Record<string, string | number>} [values] what stands in brackets */
export function t(key, values = {}) {
  const text = LANGUAGES[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** Local notation: a Briton's English has 24 hours. @param {Intl.DateTimeFormatOptions} how */
function format(how) {
  const local = navigator.languages.find((one) => one.startsWith(language)) ?? language;
  const name = local + JSON.stringify(how);
  const made = formats.get(name) ?? new Intl.DateTimeFormat(local, how);
  formats.set(name, made);
  return made;
}

/**
 * What went wrong, in words.
 * @param {unknown} error @param {string} [lost] what is said where there is no connection
 */
export function explained(error, lost = "error_lost") {
  if (error instanceof DOMException) return t("error_no_storage");
  const name = /** @type {any} */ (error)?.error;
  if (!name) return t(lost);
  const key = `error_${name}`;
  return key in LANGUAGES.en ? t(key) : String(/** @type {any} */ (error).message);
}

/** @param {number} time in ms */
export const clock = (time) =>
  format({ hour: "2-digit", minute: "2-digit" }).format(time);

/** A day in words. @param {number} time in ms @param {number} now */
export function day(time, now) {
  const days = Math.round((midnight(now) - midnight(time)) / 86_400_000);
  if (days === 0) return t("today");
  if (days === 1) return t("yesterday");
  return format({ weekday: "long", day: "numeric", month: "long", year: year(time, now) }).format(time);
}

/** A time in few characters. @param {number} time in ms @param {number} now */
export function brief(time, now) {
  if (midnight(time) === midnight(now)) return clock(time);
  return format({ day: "numeric", month: "numeric", year: year(time, now) }).format(time);
}

/** How the year is told: not if it is the present one. @param {number} time @param {number} now */
const year = (time, now) =>
  new Date(time).getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";

/** @param {number} time */
export const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
