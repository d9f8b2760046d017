/**
 * Describing things in words.
 *
 * @import {Entry} from "../protocol/protocol.js"
 * @import {Chat, Chats} from "../model/chats.js"
 */

import { t } from "../i18n/i18n.js";
import { idOf, isGroup, userKey } from "../protocol/protocol.js";

/** What a conversation is called. @param {Chat} chat @param {number} me own id */
export function nameOf(chat, me) {
  const known = chat.name !== "?" && chat.name; // "?": it is gone
  const name = known || t("number", { id: idOf(chat.key) });
  return chat.key === userKey(me) ? t("oneself", { name }) : name;
}

/** The number of unread messages; the server counts up to 1,000. @param {number} count */
export const countInWords = (count) => (count > 999 ? "999+" : String(count));

/**
 * The latest of a conversation, in words.
 * @param {Chats} chats @param {Chat} chat @param {string} draft @param {number} now in ms
 */
export function lastInWords(chats, chat, draft, now) {
  const typists = chats.typists(chat.key, now);
  if (typists.length) return t("typing_one", { name: typists[0] });
  const waits = chats.waiting(chat.key);
  const shown = waits.find((one) => one.error) ?? waits.at(-1);
  if (shown) return `${shown.error ? "❗ " : ""}${t("you")}: ${shown.text}`;
  if (draft) return `${t("draft")}: ${draft}`;
  const { last } = chat;
  if (!last) return "";
  if (last.change) return changeInWords(last, chats.names);
  const text = last.deleted ? t("deleted") : last.text;
  if (last.from === chats.me) return `${t("you")}: ${text}`;
  return isGroup(chat.key) ? `${last.name}: ${text}` : text;
}

/**
 * A change in a group; "" for other entries.
 * @param {Entry} entry @param {Map<number, string>} names of users, by their ids
 */
export function changeInWords({ change, from, name: author }, names) {
  if (!change) return "";
  const name = from === 0 ? t("operator") : author;
  const whom = names.get(change.whom) ?? t("somebody");
  const text = t(`change_${change.what}`, { name, whom, group: change.name });
  const follows = change.what === "left" && change.whom > 0;
  return follows ? text + t("new_creator", { whom }) : text;
}
