/**
 * Facts about the open conversation, and what to do with it.
 *
 * @import {App} from "../app.js"
 * @import {Chat} from "../model/chats.js"
 */

import { t } from "../i18n/i18n.js";
import { MSG, idOf, isGroup, userKey } from "../protocol/protocol.js";
import { button, dialog, dot, field, form, h, say, trying } from "./dom.js";
import { nameOf } from "./words.js";

const MEMBERS_SHOWN = 200;

/** @param {App} app @param {Chat} chat */
export function openAbout(app, chat) {
  const { alert, tried } = trying();
  const { chats, preferences, roster } = app;
  const id = idOf(chat.key);
  const mute = button("", () => tried(() => preferences.mute(chat, !chat.muted)));
  const isFriend = () => roster.isFriend(chat.key);
  const friend = button("", () => tried(() => (isFriend() ? roster.remove(id) : roster.add(id))));
  const number = h("p", {}, t("number", { id }));
  const inside = isGroup(chat.key) ? group(id) : id === chats.me ? [] : [number, friend];
  const box = dialog(nameOf(chat, chats.me), alert, mute, ...inside);
  draw();
  for (const one of [preferences, roster]) box.addEventListener("close", one.on("changed", draw));
  if (!isGroup(chat.key)) roster.load().catch(() => {});

  /** The same buttons: somebody may be about to click. */
  function draw() {
    mute.hidden = !chat.last && !chat.messages.length; // the server keeps nothing of it yet
    say(mute, t(chat.muted ? "unmute" : "mute"));
    say(friend, t(isFriend() ? "remove_friend" : "add_friend"));
  }

  /** @param {number} groupid */
  function group(groupid) {
    const name = h("input", { name: "groupname", value: chat.name, maxlength: "50", dir: "auto" });
    const members = h("ul", { class: "people" });
    const count = h("h3", {}, t("members"));
    const about = h("p", { dir: "auto" });
    const rename = form(
      () => {
        const asked = { msgid: MSG.RENAME_GROUP, groupid, groupname: name.value };
        tried(() => app.session.ask(asked)).then((done) => done && box.close());
      },
      { hidden: true },
      field(t("group_name"), name),
      h("button", { type: "submit" }, t("rename")),
    );
    const inform = async () => {
      const found = await app.session.ask({ msgid: MSG.MEMBERS, groupid, limit: MEMBERS_SHOWN });
      say(count, `${t("members")} (${found.users.length}${found.next ? "+" : ""})`);
      members.replaceChildren(...found.users.map(member));
      const { groups } = await app.session.ask({ msgid: MSG.GROUPS, after: groupid - 1, limit: 1 });
      if (groups[0]?.id !== groupid) return; // the user has left it
      rename.hidden = groups[0].role !== "creator"; // nobody else may
      say(about, groups[0].groupdesc);
    };
    if (!chat.left) tried(inform);
    if (!chat.left) say(number, t("group_number", { id }));
    const leave = button(t("leave"), () => confirmLeaving(groupid), { class: "danger" });
    return [number, about, ...(chat.left ? [h("p", {}, t("left_group"))] : [leave, rename, count, members])];
  }

  /** @param {Record<string, any>} one */
  function member(one) {
    return h(
      "li",
      {},
      one.state !== "unknown" && dot(one.state === "online"),
      button(one.name, () => {
        box.close();
        app.chats.nameUser(one.id, one.name);
        app.show(userKey(one.id));
      }, { class: "link" }),
      one.role === "creator" && h("small", {}, t("creator")),
    );
  }

  /** @param {number} groupid */
  function confirmLeaving(groupid) {
    const sure = dialog(
      t("leave_sure", { group: chat.name }),
      button(t("leave"), () => {
        sure.close();
        tried(() => app.session.ask({ msgid: MSG.LEAVE_GROUP, groupid })).then((left) => left && box.close());
      }, { class: "danger" }),
    );
  }
}
