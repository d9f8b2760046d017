/**
 * Logging in and registering.
 *
 * @import {Entrance} from "../main.js"
 */

import { explained, t } from "../i18n/i18n.js";
import { button, field, form, h, say } from "./dom.js";
import { languageChoice } from "./language.js";

/** @param {Entrance} entrance @param {string} [why] why one has to log in again */
export function loginView(entrance, why = "") {
  let registering = false;
  const alert = h("p", { class: "alert", role: "alert" }, why);
  const name = h("input", { name: "name", autocomplete: "username", maxlength: "100", dir: "auto" });
  const password = h("input", { name: "password", type: "password", maxlength: "128" });
  const again = h("input", { name: "again", type: "password", autocomplete: "new-password", maxlength: "128" });
  const remember = h("input", { name: "remember", type: "checkbox" });
  const fields = form(submit, { novalidate: true });
  const view = h("main", { class: "login" }, fields);

  async function submit() {
    const problem = missing();
    say(alert, problem);
    if (problem) return;
    fields.inert = true;
    try {
      if (registering) await entrance.register(name.value, password.value);
      await entrance.logIn(name.value.trim(), password.value, remember.checked);
    } catch (error) {
      say(alert, explained(error, "no_server"));
      fields.inert = false;
      (registering ? name : password).focus();
    }
  }

  function missing() {
    if (!name.value.trim()) return t("name_missing");
    if (!password.value) return t("password_missing");
    if (registering && password.value !== again.value) return t("passwords_differ");
    return "";
  }

  function draw() {
    document.title = t("title");
    password.autocomplete = registering ? "new-password" : "current-password";
    const change = () => {
      registering = !registering;
      say(alert, "");
      draw();
      name.focus();
    };
    fields.replaceChildren(
      h("h1", {}, t("title")),
      alert,
      field(t(registering ? "name" : "name_or_id"), name),
      field(t("password"), password),
      ...(registering ? [field(t("password_again"), again)] : []),
      h("label", { class: "check" }, remember, h("span", {}, t("remember"))),
      h("button", { type: "submit", class: "main" }, t(registering ? "register" : "log_in")),
      button(t(registering ? "to_log_in" : "to_register"), change, { class: "link" }),
      languageChoice(draw),
    );
  }

  draw();
  return view;
}
