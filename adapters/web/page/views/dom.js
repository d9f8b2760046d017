/**
 * Creating elements. Texts stay texts: nothing that anybody writes becomes markup.
 *
 * @typedef {Node | string | null | undefined | false} Child
 * @typedef {{[K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void}} Listeners
 * @typedef {Listeners & Record<string, unknown>} Props attributes, and listeners by their events' names
 */

import { explained, t } from "../i18n/i18n.js";

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, /** @type {EventListener} */ (value));
    else if ((value ?? false) !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter(Boolean)));
  return element;
}

/**
 * Give an element these children, moving as few as possible.
 * @param {Element} parent
 * @param {Element[]} wanted
 */
export function reconcile(parent, wanted) {
  const focused = document.activeElement;
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((child, place) => {
    const there = parent.children[place];
    if (there !== child) parent.insertBefore(child, there ?? null);
  });
  // What is moved loses the focus.
  if (focused instanceof HTMLElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

/** Whether focusing a field brings up no on-screen keyboard. */
export const hasMouse = () => !matchMedia("(pointer: coarse)").matches;

export const isLookedAt = () => document.visibilityState === "visible" && document.hasFocus();

/**
 * Whether a key is for an input method. Some browsers tell only by its code.
 * @param {KeyboardEvent} event
 */
export const composes = (event) => event.isComposing || event.keyCode === 229;

/** Set a text if it differs. @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} label @param {HTMLElement} input */
export const field = (label, input) => h("label", { class: "field" }, h("span", {}, label), input);

/** @param {string} label @param {() => void} click @param {Props} [props] */
export const button = (label, click, props = {}) =>
  h("button", { type: "button", click, ...props }, label);

/** What is sent with Enter or its button. @param {() => void} act @param {Props} props @param {...Child} children */
export const form = (act, props, ...children) =>
  h("form", { ...props, submit: (event) => (event.preventDefault(), act()) }, ...children);

/** @param {boolean} online */
export const dot = (online) =>
  h("span", { class: online ? "dot online" : "dot", role: "img", "aria-label": t(online ? "online" : "away") });

/**
 * A dialog that is removed when it is closed. The browser puts the focus back where it was, unless
 * the caller puts it elsewhere.
 * @param {string} title @param {...Child} children
 */
export function dialog(title, ...children) {
  const box = h("dialog", { "aria-label": title });
  const shut = button("×", () => box.close(), { class: "quiet", "aria-label": t("close") });
  box.append(h("div", { class: "head" }, h("h2", {}, title), shut), h("div", { class: "body" }, ...children));
  box.addEventListener("close", () => {
    box.remove();
    const there = document.activeElement;
    if (!(there instanceof HTMLElement)) return;
    there.blur(); // Chromium has its caret in the dialog still, and nothing that is typed arrives
    there.focus();
  });
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}

/** Requests in a dialog can fail: `tried` returns whether one succeeded, `alert` says why not. */
export function trying() {
  const alert = h("p", { class: "alert", role: "alert" });
  const tried = async (/** @type {() => Promise<unknown>} */ act) => {
    try {
      say(alert, "");
      await act();
      return true;
    } catch (error) {
      say(alert, explained(error));
      return false;
    }
  };
  return { alert, tried };
}

export function closeDialogs() {
  for (const box of document.querySelectorAll("dialog")) box.close();
}
