// Answers that are assembled before something is pushed and arrive after it, and the reverse.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversations, History } from "../../adapters/web/page/account/conversations.js";
import { Preferences } from "../../adapters/web/page/account/preferences.js";
import { Roster } from "../../adapters/web/page/account/roster.js";
import { Chats, MOST_LOADED, Tick } from "../../adapters/web/page/model/chats.js";
import { MSG, readEntry } from "../../adapters/web/page/protocol/protocol.js";
import { Emitter } from "../../adapters/web/page/session/emitter.js";

const [ME, LI] = [13, 15];

const said = (at, from = LI) => ({
  msgid: 1005, at, cid: `c${at}`, id: from, name: `user ${from}`, toid: from === ME ? LI : ME, msg: `text ${at}`, time: at,
});
const entry = (at, from = LI) => readEntry(said(at, from), ME);
const changed = (at, what, rest = {}) =>
  readEntry({ msgid: MSG.CHANGED, at, cid: `c${at}`, id: LI, name: "li si", groupid: 3, time: at, what, ...rest }, ME);
const inGroup = (at) => ({ ...said(at), msgid: 1009, toid: undefined, groupid: 3 });
const row = (last, read, unread, rest = {}) => ({ toid: LI, name: "li si", last: said(last), read, unread, ...rest });
const list = (...conversations) => ({ msgid: 1040, conversations });
const page = (ats, more = false, rest = {}) => ({ msgid: 1042, toid: LI, entries: ats.map((at) => said(at)), more, ...rest });
const shown = (chats) => chats.chat("u15").messages.map((one) => one.at);
const range = (from, count) => Array.from({ length: count }, (_, step) => from + step);

test("what is pushed while a list is on its way that is without it stays unread", () => {
  const chats = new Chats(ME);
  chats.listed(list(row(4, 2, 2)));
  chats.pushed(entry(5));
  chats.pushed(entry(6));
  chats.listed(list(row(5, 2, 3)));
  assert.equal(chats.chat("u15").unread, 4);
  assert.equal(chats.chat("u15").last.at, 6);
});

test("what a list has already is not counted again when it is pushed", () => {
  const chats = new Chats(ME);
  chats.pushed(entry(4));
  chats.listed(list(row(6, 3, 3)));
  assert.deepEqual([5, 6, 7].map((at) => chats.pushed(entry(at))), [false, false, true]);
  assert.equal(chats.chat("u15").unread, 4);
});

test("what is new in a list is unread, though it does not know yet what was read before", () => {
  const chats = new Chats(ME);
  chats.listed(list(row(4, 2, 2)));
  chats.haveRead("u15", 4);
  chats.listed(list(row(6, 2, 4)));
  chats.pushed(entry(5));
  chats.pushed(entry(6));
  assert.deepEqual([chats.chat("u15").read, chats.chat("u15").unread > 0], [4, true]);
  chats.haveRead("u15", 6);
  assert.equal(chats.unread, 0);
});

test("marks count of conversations that no list has named yet, whatever that says then", () => {
  const chats = new Chats(ME);
  const marks = [{ id: LI, got: 6 }, { id: LI, read: 5, toid: LI }, { id: ME, read: 6, toid: LI }];
  chats.marked({ marks });
  chats.listed(list(row(6, 2, 3, { peer_got: 4, peer_read: 4 })));
  assert.deepEqual([chats.chat("u15").read, chats.unread], [6, 0]);
  assert.equal(chats.tick(entry(5, ME)), Tick.READ);
  assert.equal(chats.tick(entry(6, ME)), Tick.GOT);
});

test("a list that is older than a change of a group does not undo it", () => {
  const chats = new Chats(ME);
  const group = (last, name, rest) => list({ groupid: 3, name, last, read: 0, unread: 0, ...rest });
  chats.listed(group(inGroup(1), "hikers"));
  chats.pushed(changed(2, "renamed", { newname: "walkers" }));
  chats.pushed(changed(3, "removed", { whom: ME }));
  chats.listed(group(inGroup(1), "hikers"));
  assert.deepEqual([chats.chat("g3").name, chats.chat("g3").left], ["walkers", true]);
  chats.listed(group(inGroup(4), "strollers"));
  assert.deepEqual([chats.chat("g3").name, chats.chat("g3").left], ["strollers", false]);
});

test("a group in which something is said before a list names it is called as the list says", () => {
  const chats = new Chats(ME);
  chats.pushed(readEntry(inGroup(2), ME));
  chats.listed(list({ groupid: 3, name: "hikers", last: inGroup(1), read: 1, unread: 0, left: true }));
  assert.deepEqual([chats.chat("g3").name, chats.chat("g3").left], ["hikers", true]);
});

test("what is read on another device is read here when a page says so before it is told", () => {
  const chats = new Chats(ME);
  for (const at of [1, 2, 3]) chats.pushed(entry(at));
  chats.paged(page([1, 2, 3], false, { read: 2 }), "newest");
  chats.marked({ marks: [{ id: ME, read: 2, toid: LI }] });
  assert.equal(chats.unread, 1);
});

test("what a page has before it is pushed is counted once, as it is pushed", () => {
  const chats = new Chats(ME);
  chats.listed(list(row(2, 0, 2)));
  chats.paged(page([1, 2, 3], false, { read: 1 }), "newest");
  assert.equal(chats.pushed(entry(3)), true);
  assert.equal(chats.unread, 2);
});

test("what is pushed behind the ACK of a later message is news", () => {
  const chats = new Chats(ME);
  chats.wrote({ cid: "mine", key: "u15", text: "hello", time: 1 });
  chats.sent("mine", 10, 1);
  assert.equal(chats.pushed(entry(9)), true);
  assert.deepEqual([chats.chat("u15").last.at, chats.unread], [10, 1]);
  assert.deepEqual(shown(chats), [9, 10]);
  chats.wrote({ cid: "other", key: "g3", text: "hello", time: 1 });
  chats.sent("other", 12, 1);
  chats.pushed(changed(11, "renamed", { newname: "walkers" }));
  assert.equal(chats.chat("g3").name, "walkers");
});

/** A session whose requests are answered when a test says so, and that notes what it is told. */
class SlowSession extends Emitter {
  online = true;
  said = [];
  asked = [];
  ask(frame) {
    return new Promise((answer) => this.asked.push({ frame, answer }));
  }
  say(frame) {
    this.said.push(frame);
  }
}

const store = { remember: async () => {}, latest: async () => [], keep: async () => {}, value: async () => null };

/** A history of which `loaded` is loaded. */
async function historyOf(loaded, more = true) {
  const [session, chats] = [new SlowSession(), new Chats(ME)];
  const history = new History(session, store, chats);
  const opening = history.loadNewest("u15");
  session.asked.pop().answer(page(loaded, more));
  await opening;
  return { session, chats, history };
}

test("what comes between two openings of a conversation stays, though the first is without it", async () => {
  const [session, chats] = [new SlowSession(), new Chats(ME)];
  const history = new History(session, store, chats);
  const both = [history.loadOpening("u15")];
  chats.pushed(entry(3));
  chats.unload("u15"); // who goes elsewhere and comes back
  both.push(history.loadOpening("u15"));
  session.asked[0].answer(page([1, 2]));
  session.asked[1].answer(page([1, 2, 3]));
  assert.deepEqual(await Promise.all(both), [true, false]); // it opens once
  assert.deepEqual(shown(chats), [1, 2, 3]);
});

test("a page that does not touch any more what is loaded leaves no hole", async () => {
  const { session, chats, history } = await historyOf([8, 9]);
  chats.pagedAround(page([3], true), page([4], true));
  const all = [history.loadNewest("u15"), history.loadOlder("u15", 3), history.loadNewer("u15", 4)];
  const answers = [page([8, 9], true), page([2], true), page([5], true)];
  session.asked.forEach(({ answer }, place) => answer(answers[place]));
  await Promise.all(all);
  assert.deepEqual(shown(chats), [8, 9]);
});

test("an older page leaves no hole where what comes has taken the place of the oldest", async () => {
  const { session, chats, history } = await historyOf(range(100, MOST_LOADED));
  const older = history.loadOlder("u15", 100);
  chats.pushed(entry(9_999));
  session.asked[0].answer(page([98, 99]));
  await older;
  assert.deepEqual([shown(chats)[0], chats.chat("u15").atStart], [101, false]);
});

test("what comes while a page is on its way leaves no hole behind that, however much it is", () => {
  const chats = new Chats(ME);
  for (const at of range(3, 150)) chats.pushed(entry(at));
  chats.paged(page([1, 2]), "newest");
  assert.deepEqual([shown(chats), chats.chat("u15").atEnd], [[1, 2], false]);
  chats.paged(page(range(3, 60), true), "newer");
  chats.paged(page(range(63, 60)), "newer");
  assert.deepEqual([shown(chats), chats.chat("u15").atEnd], [range(1, 152), true]);
});

test("what was read and the server does not know of, as over a lost connection, is said again", async () => {
  const [session, chats] = [new SlowSession(), new Chats(ME)];
  chats.pushed(entry(4));
  chats.haveRead("u15", 4);
  const loading = new Conversations(session, store, chats).load();
  session.asked[0].answer(list(row(4, 2, 1), { ...row(4, 4, 0), toid: 16 }));
  await loading;
  assert.deepEqual(session.said, [{ msgid: MSG.READ, toid: LI, at: 4 }]);
});

test("what is told of a muting while a list is on its way counts more than that", async () => {
  const [session, chats] = [new SlowSession(), new Chats(ME)];
  const [conversations, preferences] = [new Conversations(session, store, chats), new Preferences(session, chats)];
  const told = { msgid: MSG.SETTINGS_ACK, hide_read: false, hide_typing: false, toid: LI, muted: true };
  const first = conversations.load();
  preferences.heard(told);
  const second = conversations.load(); // which does not have to name it
  session.asked[0].answer(list(row(4, 2, 1)));
  session.asked[1].answer(list());
  await Promise.all([first, second]);
  assert.equal(chats.chat("u15").muted, true);
  session.emit("online"); // what was changed before that is not told
  const third = conversations.load();
  session.asked[2].answer(list(row(4, 2, 1)));
  await third;
  assert.equal(chats.chat("u15").muted, false);
});

test("who comes or goes while the friends are asked for has come or gone", async () => {
  const session = new SlowSession();
  const roster = new Roster(session, new Chats(ME));
  const friend = { id: LI, name: "li si", state: "offline" };
  let loading = roster.load();
  roster.heard({ msgid: MSG.PRESENCE, ...friend, state: "online" });
  session.asked[0].answer({ friends: [friend] });
  await loading;
  assert.equal(roster.isOnline("u15"), true);
  loading = roster.load();
  session.asked[1].answer({ friends: [friend] });
  await loading;
  assert.equal(roster.isOnline("u15"), false);
});
