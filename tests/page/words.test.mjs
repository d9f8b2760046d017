import assert from "node:assert/strict";
import { test } from "node:test";

import { speak } from "../../adapters/web/page/i18n/i18n.js";
import { Chats } from "../../adapters/web/page/model/chats.js";
import { Notifier } from "../../adapters/web/page/views/notifier.js";
import { changeInWords, lastInWords, nameOf } from "../../adapters/web/page/views/words.js";

const [ME, LI] = [13, 15];
const NOW = 1_000_000;

const entry = (from, rest = {}) => ({
  at: 1, cid: "c1", key: "u15", from, name: `user ${from}`, time: 1, text: "hello", ...rest,
});
const change = (what, from, rest = {}) =>
  entry(from, { key: "g3", text: "", change: { what, whom: 0, name: "", ...rest } });
const last = (chats, key = "u15", draft = "") => lastInWords(chats, chats.chat(key), draft, NOW);

speak("en");

test("the title counts what is unread no further than the list does", () => {
  globalThis.document = { title: "" };
  new Notifier().count(999);
  assert.equal(document.title, "(999) Chat");
  new Notifier().count(1000);
  assert.equal(document.title, "(999+) Chat");
});

test("who has no name is called by their number, and oneself is told from others", () => {
  const chats = new Chats(ME);
  assert.equal(nameOf(chats.chat("u15"), ME), "ID 15");
  chats.nameUser(LI, "?"); // whose account was deleted
  assert.equal(nameOf(chats.chat("u15"), ME), "ID 15");
  chats.nameUser(LI, "li si");
  chats.nameUser(ME, "zhang san");
  assert.equal(nameOf(chats.chat("u15"), ME), "li si");
  assert.equal(nameOf(chats.chat("u13"), ME), "zhang san (you)");
});

test("the list has what was said last, with its author where that is in question", () => {
  const chats = new Chats(ME);
  assert.equal(last(chats), "");
  chats.pushed(entry(LI));
  assert.equal(last(chats), "hello");
  chats.pushed(entry(ME, { at: 2, text: "hi" }));
  assert.equal(last(chats), "You: hi");
  chats.pushed(entry(LI, { at: 3, key: "g3" }));
  assert.equal(last(chats, "g3"), "user 15: hello");
  chats.pushed(entry(LI, { at: 4, text: "", deleted: true }));
  assert.equal(last(chats), "Message deleted");
});

test("a draft goes before what was said, what waits before a draft, who types before all", () => {
  const chats = new Chats(ME);
  chats.pushed(entry(LI));
  assert.equal(last(chats, "u15", "well"), "Draft: well");
  chats.wrote({ cid: "c2", key: "u15", text: "on its way", time: 2 });
  assert.equal(last(chats, "u15", "well"), "You: on its way");
  chats.typing({ id: LI, name: "li si", toid: LI }, NOW);
  assert.equal(last(chats, "u15", "well"), "li si is typing…");
});

test("what was refused is marked in the list, and goes before what waits", () => {
  const chats = new Chats(ME);
  chats.wrote({ cid: "c1", key: "u15", text: "refused", time: 1, error: "no_such_user" });
  chats.wrote({ cid: "c2", key: "u15", text: "on its way", time: 2 });
  assert.equal(last(chats), "❗ You: refused");
});

test("a change says who has done what to whom, as far as that is known", () => {
  const names = new Map([[LI, "li si"]]);
  const said = (...of) => changeInWords(change(...of), names);
  assert.equal(said("removed", 7, { whom: LI }), "user 7 removed li si");
  assert.equal(said("removed", 7, { whom: 99 }), "user 7 removed someone");
  assert.equal(said("renamed", 0, { name: "walkers" }), "The operator renamed the group to walkers");
  assert.equal(said("left", 7), "user 7 left");
  assert.equal(said("left", 7, { whom: LI }), "user 7 left. li si is now the owner");
  assert.equal(changeInWords(entry(LI), names), "");
  speak("zh");
  assert.equal(said("left", 7, { whom: LI }), "user 7 退出了群聊，li si 成为新群主");
  speak("en");
});
