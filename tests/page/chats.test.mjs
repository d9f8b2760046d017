import assert from "node:assert/strict";
import { test } from "node:test";

import { Chats, MOST_LOADED, TYPING_SHOWN, Tick } from "../../adapters/web/page/model/chats.js";

const [ME, LI] = [13, 15];

const said = (at, from = LI, text = `text ${at}`) => ({
  msgid: 1005, at, cid: `c${at}`, id: from, name: `user ${from}`, toid: from === ME ? LI : ME, msg: text, time: at,
});
const entry = (at, from = LI) => ({
  at, cid: `c${at}`, key: "u15", from, name: `user ${from}`, time: at, text: `text ${at}`, deleted: false, change: null,
});
const page = (entries, more, rest = {}) => ({ msgid: 1042, toid: LI, entries, more, ...rest });
const shown = (chats) => chats.chat("u15").messages.map((one) => one.at);

test("what others say counts as unread once, what one says oneself does not", () => {
  const chats = new Chats(ME);
  chats.pushed(entry(1));
  chats.pushed(entry(1));
  chats.pushed(entry(2, ME));
  assert.equal(chats.chat("u15").unread, 1);
  assert.equal(chats.chat("u15").name, "user 15");
});

test("what comes while the newest are asked for stands behind them, once", () => {
  const chats = new Chats(ME);
  chats.paged(page([said(1), said(2)], false), "newest");
  chats.pushed(entry(3));
  chats.paged(page([said(2), said(3)], true), "newest");
  assert.deepEqual(shown(chats), [2, 3]);
  assert.equal(chats.chat("u15").atStart, false);
});

test("what comes while a page is on its way that is without it stands behind that", () => {
  const chats = new Chats(ME);
  chats.pushed(entry(3));
  chats.paged(page([said(1), said(2)], false), "newest");
  assert.deepEqual(shown(chats), [1, 2, 3]);
  chats.unload("u15");
  chats.pushed(entry(4));
  chats.paged(page([said(3)], true), "newest");
  chats.pagedAround(page([said(1)], false), page([said(2), said(3)], false));
  assert.deepEqual(shown(chats), [1, 2, 3, 4]);
  for (const where of ["newer", "newest"]) {
    chats.unload("u15");
    chats.pagedAround(page([said(1)], false), page([said(2)], true));
    chats.pushed(entry(4));
    assert.deepEqual(shown(chats), [1, 2], "it would leave a hole");
    chats.paged(page([said(3)], false), where);
    assert.deepEqual(shown(chats).slice(-2), [3, 4]);
  }
});

test("what was missed and is sent after the newest page was loaded comes with the page that reaches it", () => {
  const chats = new Chats(ME);
  chats.paged(page([said(8), said(9)], true), "newest");
  chats.pushed(entry(3));
  chats.pushed(entry(10));
  assert.deepEqual(shown(chats), [8, 9, 10], "there would be a hole above 3");
  chats.paged(page([said(3), said(4), said(5)], false), "older");
  chats.pushed(entry(5));
  assert.deepEqual(shown(chats), [3, 4, 5, 8, 9, 10]);
});

test("of a conversation that is not loaded, no more is kept than the newest hundred", () => {
  const chats = new Chats(ME);
  for (let at = 1; at <= 150; at += 1) chats.pushed(entry(at));
  assert.deepEqual([shown(chats).length, shown(chats)[0]], [100, 51]);
  chats.paged(page([said(1)], true), "newest");
  chats.pagedAround(page([], false), page([said(1)], true));
  for (let at = 151; at <= 300; at += 1) chats.pushed(entry(at));
  assert.deepEqual(shown(chats), [1]);
  chats.paged(page([said(200)], false), "newer");
  assert.deepEqual(shown(chats).slice(1, 4), [200, 201, 202]);
});

test("older pages come in front, and what is too much goes at the other end", () => {
  const chats = new Chats(ME);
  const range = (from, count) => Array.from({ length: count }, (_, step) => said(from + step));
  chats.paged(page(range(2_000, MOST_LOADED), true), "newest");
  chats.paged(page(range(1_900, 100), false), "older");
  const chat = chats.chat("u15");
  assert.equal(chat.messages.length, MOST_LOADED);
  assert.deepEqual([chat.messages[0].at, chat.atStart, chat.atEnd], [1_900, true, false]);
  chats.pushed(entry(9_999));
  assert.equal(chat.messages.at(-1).at, 1_900 + MOST_LOADED - 1, "what is new would leave a hole");
  assert.equal(chat.last.at, 9_999);
});

test("a tick is for the log, two for a device, another colour for being read", () => {
  const chats = new Chats(ME);
  const own = entry(5, ME);
  chats.pushed(own);
  assert.equal(chats.tick(own), Tick.SENT);
  chats.marked({ marks: [{ id: LI, got: 5 }] });
  assert.equal(chats.tick(own), Tick.GOT);
  chats.marked({ marks: [{ id: LI, got: 3 }] });
  assert.equal(chats.tick(own), Tick.GOT, "marks only grow");
  chats.marked({ marks: [{ id: LI, read: 5, toid: LI }] });
  assert.equal(chats.tick(own), Tick.READ);
});

test("the end of a session is not the latest that was said to oneself, nor begins a conversation", () => {
  const chats = new Chats(ME);
  const ended = (at) => ({
    ...entry(at, ME), key: `u${ME}`, text: "", change: { what: "device_ended", whom: ME, name: "" },
  });
  chats.pushed(ended(1));
  assert.equal(chats.chat(`u${ME}`).last, null);
  chats.pushed({ ...entry(2, ME), key: `u${ME}` });
  chats.pushed(ended(3));
  assert.equal(chats.chat(`u${ME}`).last.at, 2);
});

test("what is read on another device is read here", () => {
  const chats = new Chats(ME);
  chats.pushed(entry(1));
  chats.pushed(entry(2));
  chats.marked({ marks: [{ id: ME, read: 2, toid: LI }] });
  assert.equal(chats.unread, 0);
});

test("a message waits until the server has it, or it comes back in the stream", () => {
  const chats = new Chats(ME);
  const waits = (cid) => ({ cid, key: "u15", text: "hello", time: 1 });
  chats.wrote(waits("one"));
  chats.wrote(waits("two"));
  assert.deepEqual(chats.waiting("u15").map((one) => one.cid), ["one", "two"]);
  chats.sent("one", 8, 1);
  chats.pushed({ ...entry(9, ME), cid: "two" });
  assert.deepEqual(chats.waiting("u15"), []);
  assert.equal(chats.sent("two", 9, 1), null);
});

test("a list of conversations says what is unread and what the other has", () => {
  const chats = new Chats(ME);
  const row = { toid: LI, name: "li si", last: said(9), read: 4, unread: 3, peer_got: 7, peer_read: 6, muted: true };
  chats.listed({ msgid: 1040, conversations: [row], next: 9 });
  const chat = chats.chat("u15");
  assert.deepEqual([chat.name, chat.unread, chat.got, chat.reads.get(LI), chat.muted], ["li si", 3, 7, 6, true]);
  assert.equal(chats.unread, 0, "what is muted does not count");
  assert.equal(chats.next, 9);
});

test("who types is shown for a while, or until they have said it", () => {
  const chats = new Chats(ME);
  chats.pushed(entry(1));
  chats.typing({ id: LI, name: "li si", toid: LI }, 0);
  assert.deepEqual(chats.typists("u15", TYPING_SHOWN - 1), ["li si"]);
  assert.deepEqual(chats.typists("u15", TYPING_SHOWN), []);
  chats.typing({ id: LI, name: "li si", toid: LI }, 0);
  chats.pushed(entry(2));
  assert.deepEqual(chats.typists("u15", 1), []);
});

test("a group is called what it was called last, and one is in it until one has left", () => {
  const chats = new Chats(ME);
  const change = (at, what, from, rest = {}) => ({
    ...entry(at, from), key: "g3", text: "", change: { what, whom: 0, name: "", ...rest },
  });
  chats.pushed(change(1, "created", LI, { name: "hikers" }));
  chats.pushed(change(2, "renamed", LI, { name: "walkers" }));
  assert.equal(chats.chat("g3").name, "walkers");
  chats.pushed(change(3, "removed", LI, { whom: ME }));
  assert.equal(chats.chat("g3").left, true);
  chats.pushed(change(4, "joined", ME));
  assert.equal(chats.chat("g3").left, false);
});

/** A conversation of the positions 1 to 900, unread above `read`, with `from` to `upto` loaded. */
function partly(read, from, upto, more = true) {
  const chats = new Chats(ME);
  const row = { toid: LI, name: "li si", last: said(900), read, unread: 900 - read };
  chats.listed({ msgid: 1040, conversations: [row] });
  const range = (first, last) => Array.from({ length: last - first + 1 }, (_, step) => said(first + step));
  chats.pagedAround(page(range(from, read), true), page(range(read + 1, upto), more));
  return chats;
}

test("what was seen of many news is read, and the others stay unread", () => {
  const chats = partly(300, 241, 360);
  assert.equal(chats.haveRead("u15", 310), true);
  assert.equal(chats.chat("u15").unread, 590);
  chats.haveRead("u15", 305);
  assert.equal(chats.chat("u15").read, 310, "what is read stays read");
  const end = partly(880, 841, 900, false);
  end.haveRead("u15", 890);
  assert.equal(end.chat("u15").unread, 10);
});

test("of more unread than are counted none is said to be the last", () => {
  const chats = partly(300, 241, 360);
  chats.chat("u15").unread = 1000;
  chats.haveRead("u15", 360);
  assert.equal(chats.chat("u15").unread, 1000);
});

test("what is loaded serves to open it if that has its news, or its end where nothing is new", () => {
  const chats = partly(300, 241, 360);
  const chat = chats.chat("u15");
  assert.equal(chats.hasOpening("u15"), true);
  chat.read = 360;
  assert.equal(chats.hasOpening("u15"), false, "what is new begins behind it");
  chat.read = 100;
  assert.equal(chats.hasOpening("u15"), false, "what is new begins before it");
  chat.unread = 0;
  assert.equal(chats.hasOpening("u15"), false, "its end is not loaded");
  chat.atEnd = true;
  assert.equal(chats.hasOpening("u15"), true);
  chats.unload("u15");
  assert.equal(chats.hasOpening("u15"), false);
});
