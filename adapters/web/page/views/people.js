/** Starting a conversation or a group. @import {App} from "../app.js" */

import { t } from "../i18n/i18n.js";
import { MSG, groupKey, userKey } from "../protocol/protocol.js";
import { button, dialog, dot, field, form, h, hasMouse, reconcile, say, trying } from "./dom.js";

/** @param {App} app */
export function openPeople(app) {
  const { alert, tried } = trying();
  const friends = h("ul", { class: "people" });
  const none = h("li");
  /** @type {Map<number, HTMLLIElement>} by ids; the same ones: somebody may be about to click */
  const rows = new Map();
  const box = dialog(
    t("new"),
    alert,
    asking(t("find_user"), t("find"), [words("name", t("user_name"))], async ({ name }) => {
      const found = await app.session.ask({ msgid: MSG.FIND_USER, name });
      app.chats.nameUser(found.id, found.name);
      show(userKey(found.id));
    }),
    asking(t("join_group"), t("join"), [words("group", t("group_name_or_id"))], async ({ group }) => {
      const named = /^\d+$/.test(group) ? { groupid: Number(group) } : { groupname: group };
      const ack = await app.session.ask({ msgid: MSG.JOIN_GROUP, ...named });
      app.chats.chat(groupKey(ack.groupid)).name = ack.groupname;
      show(groupKey(ack.groupid));
    }),
    asking(
      t("create_group"),
      t("create"),
      [words("groupname", t("group_name")), words("groupdesc", t("group_description"), false)],
      async (fields) => {
        const ack = await app.session.ask({ msgid: MSG.CREATE_GROUP, ...fields });
        show(groupKey(ack.groupid));
      },
    ),
    h("h3", {}, t("friends")),
    friends,
  );
  if (hasMouse()) box.querySelector("input")?.focus();
  drawFriends();
  const ends = app.roster.on("changed", drawFriends);
  app.roster.load().then(() => say(none, t("no_friends")), () => {});
  box.addEventListener("close", ends);

  function drawFriends() {
    const wanted = [...app.roster.friends.values()].map(({ id, name }) => {
      const row = rows.get(id) ?? friend(id, name);
      rows.set(id, row);
      row.firstElementChild?.replaceWith(dot(app.roster.isOnline(userKey(id))));
      return row;
    });
    reconcile(friends, wanted.length ? wanted : [none]);
  }

  /** @param {number} id @param {string} name */
  function friend(id, name) {
    return h(
      "li",
      {},
      h("span"),
      button(name, () => show(userKey(id)), { class: "link" }),
      button(t("remove_friend"), () => tried(() => app.roster.remove(id)), { class: "quiet" }),
    );
  }

  /**
   * A user who closed it before the answer is writing to somebody else by now.
   * @param {string} key
   */
  function show(key) {
    if (!box.open) return;
    box.close();
    app.show(key);
  }

  /**
   * @param {string} title @param {string} verb
   * @param {HTMLElement[]} fields
   * @param {(values: Record<string, string>) => Promise<void>} act
   */
  function asking(title, verb, fields, act) {
    const asked = form(
      () => {
        const values = Object.fromEntries(new FormData(asked));
        tried(() => act(/** @type {Record<string, string>} */ (values)));
      },
      {},
      h("h3", {}, title),
      ...fields,
      h("button", { type: "submit" }, verb),
    );
    return asked;
  }
}

/** @param {string} name @param {string} label */
function words(name, label, required = true) {
  const input = h("input", { name, required, maxlength: "200", autocomplete: "off", dir: "auto" });
  return field(label, input);
}
