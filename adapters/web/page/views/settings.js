/** The user's settings. @import {App} from "../app.js" */

import { brief, t } from "../i18n/i18n.js";
import { MSG } from "../protocol/protocol.js";
import { changePassword } from "../session/identity.js";
import { button, closeDialogs, dialog, field, form, h, hasMouse, say, trying } from "./dom.js";
import { languageChoice } from "./language.js";

/** @param {App} app */
export function openSettings(app) {
  const { alert, tried } = trying();
  const done = h("p", { role: "status" });
  const devices = h("ul", { class: "people" });
  const notify = check(t("notifications"), app.notifier.wanted, async (on) => {
    if (!(await app.notifier.want(on))) throw { error: "notifications_denied" };
  });
  const box = dialog(
    t("settings"),
    alert,
    done,
    h("p", {}, t("number", { id: app.chats.me })),
    languageChoice(() => {
      app.redraw();
      box.close();
      openSettings(app).querySelector("select")?.focus();
    }),
    notify,
    check(t("hide_read"), app.preferences.hidesRead, (on) => app.preferences.choose({ hide_read: on })),
    check(t("hide_typing"), app.preferences.hidesTyping, (on) => app.preferences.choose({ hide_typing: on })),
    passwordForm(),
    hasMouse() && h("p", { class: "hint" }, t("keys")),
    button(t("log_out"), () => (app.chats.unsent.size ? confirmLogOut() : logOut()), { class: "danger" }),
    h("h3", {}, t("devices")),
    devices,
  );
  tried(drawDevices);
  return box;

  /** @param {string} label @param {boolean} on @param {(on: boolean) => Promise<unknown>} change */
  function check(label, on, change) {
    const input = h("input", { type: "checkbox", checked: on });
    input.addEventListener("change", async () => {
      if (!(await tried(() => change(input.checked)))) input.checked = !input.checked;
    });
    return h("label", { class: "check" }, input, h("span", {}, label));
  }

  async function drawDevices() {
    const { sessions } = await app.session.ask({ msgid: MSG.SESSIONS });
    devices.replaceChildren(
      ...sessions.map((/** @type {any} */ one) =>
        h(
          "li",
          {},
          h("span", { dir: "auto" }, one.device || t("number", { id: one.session.slice(0, 6) })),
          h("small", {}, one.current ? t("this_device") : t("seen", { when: brief(one.seen, Date.now()) })),
          !one.current && button(t("end_device"), () => tried(() => end(one.session)), { class: "quiet" }),
        ),
      ),
    );
  }

  function logOut() {
    closeDialogs();
    app.logOut();
  }

  /** Nothing of it is left here after that. */
  function confirmLogOut() {
    const count = app.chats.unsent.size;
    dialog(t("unsent_sure", { count }), button(t("log_out"), logOut, { class: "danger" }));
  }

  /** @param {string} session */
  async function end(session) {
    await app.session.ask({ msgid: MSG.END_SESSION, session });
    await drawDevices();
  }

  function passwordForm() {
    // Not to be seen: it tells a password manager whose password this is.
    const name = h("input", { autocomplete: "username", value: app.session.me?.name, readonly: true, hidden: true });
    const old = h("input", { type: "password", autocomplete: "current-password", maxlength: "128" });
    const next = h("input", { type: "password", autocomplete: "new-password", maxlength: "128" });
    return form(
      () => {
        if (!old.value || !next.value) {
          say(alert, t("password_missing"));
          return;
        }
        tried(async () => {
          await changePassword(app.session, old.value, next.value).catch((error) => {
            throw error.error === "bad_credentials" ? { error: "old_password" } : error;
          });
          old.value = next.value = "";
          say(done, t("password_changed"));
          await drawDevices();
        });
      },
      {},
      h("h3", {}, t("change_password")),
      name,
      field(t("old_password"), old),
      field(t("new_password"), next),
      h("button", { type: "submit" }, t("change")),
    );
  }
}
