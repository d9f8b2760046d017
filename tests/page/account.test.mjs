import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Conversations, History } from "../../adapters/web/page/account/conversations.js";
import { Preferences } from "../../adapters/web/page/account/preferences.js";
import { READ_EVERY, Reading } from "../../adapters/web/page/account/reading.js";
import { Roster } from "../../adapters/web/page/account/roster.js";
import { Drafts, Writing } from "../../adapters/web/page/account/writing.js";
import { Chats } from "../../adapters/web/page/model/chats.js";
import { MSG, readEntry } from "../../adapters/web/page/protocol/protocol.js";
import { Emitter } from "../../adapters/web/page/session/emitter.js";

const [ME, LI] = [13, 15];

/** A session whose requests get the answers that a test gives, and that notes what it is told. */
class FakeSession extends Emitter {
  online = true;
  asked = [];
  said = [];
  sent = [];
  constructor(...answers) {
    super();
    this.answers = answers;
  }
  async ask(frame) {
    this.asked.push(frame);
    const answer = this.answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  }
  say(frame) {
    this.said.push(frame);
  }
  send(message) {
    this.sent.push(message);
  }
}

/** What IndexedDB keeps for the page, in memory. */
class FakeStore {
  values = new Map();
  queued = new Map();
  remembered = [];
  texts = new Map();
  async value(name) {
    return this.values.get(name);
  }
  async keep(name, value) {
    this.values.set(name, value);
  }
  async unsent() {
    return [...this.queued.values()];
  }
  async queue(message) {
    this.queued.set(message.cid, message);
  }
  async unqueue(cid) {
    this.queued.delete(cid);
  }
  async remember(entries) {
    this.remembered.push(...entries);
  }
  async latest(key) {
    return this.remembered.filter((one) => one.key === key);
  }
  async drafts() {
    return new Map(this.texts);
  }
  async draft(key) {
    return this.texts.get(key) ?? "";
  }
  async keepDraft(key, text) {
    if (text) this.texts.set(key, text);
    else this.texts.delete(key);
  }
}

const frame = (at) => ({
  msgid: MSG.ONE_CHAT, at, cid: `c${at}`, id: LI, name: "li si", toid: ME, msg: "hi", time: at,
});
const entry = (at) => readEntry(frame(at), ME);

/** How often something has announced a change. */
function changes(of) {
  const count = { times: 0 };
  of.on("changed", () => (count.times += 1));
  return count;
}

test("all pages of the friends are asked for, and told of once", async () => {
  const session = new FakeSession(
    { friends: [{ id: LI, name: "li si", state: "online" }], next: LI },
    { friends: [{ id: 17, name: "wang wu", state: "offline" }] },
  );
  const chats = new Chats(ME);
  const roster = new Roster(session, chats);
  const told = changes(roster);
  await roster.load();
  assert.deepEqual(session.asked.map((one) => one.after), [0, LI]);
  assert.deepEqual([...roster.friends.keys()], ["u15", "u17"]);
  assert.deepEqual([roster.isOnline("u15"), roster.isOnline("u17")], [true, false]);
  assert.equal(chats.chat("u17").name, "wang wu");
  assert.equal(told.times, 1);
});

test("a list says whether it is known who of them is online", async () => {
  const li = { id: LI, name: "li si", state: "unknown" };
  const session = new FakeSession({ friends: [li] }, { friends: [{ ...li, state: "offline" }] });
  const roster = new Roster(session, new Chats(ME));
  assert.equal(await roster.load(), false);
  assert.deepEqual([roster.isFriend("u15"), roster.isOnline("u15")], [true, false]);
  assert.equal(await roster.load(), true);
});

test("a friend is who was added and not removed, and no group with the same number", async () => {
  const friend = { id: LI, name: "li si", state: "online" };
  const session = new FakeSession({ friend }, {});
  const roster = new Roster(session, new Chats(ME));
  await roster.add(LI);
  assert.deepEqual([roster.isFriend("u15"), roster.isFriend("g15")], [true, false]);
  assert.deepEqual([roster.isOnline("u15"), roster.isOnline("g15")], [true, false]);
  roster.heard({ msgid: MSG.PRESENCE, ...friend, state: "offline" });
  assert.equal(roster.isOnline("u15"), false);
  session.online = false;
  roster.heard({ msgid: MSG.PRESENCE, ...friend });
  assert.equal(roster.isOnline("u15"), false); // as far as anybody knows
  session.online = true;
  assert.equal(roster.isOnline("u15"), true);
  await roster.remove(LI);
  assert.equal(roster.isFriend("u15"), false);
});

test("it tells when the connection is gone, since nobody knows then who is online", () => {
  const session = new FakeSession();
  const told = changes(new Roster(session, new Chats(ME)));
  session.emit("offline");
  assert.equal(told.times, 1);
});

test("who could not be removed stays a friend", async () => {
  const friend = { id: LI, name: "li si", state: "online" };
  const roster = new Roster(new FakeSession({ friend }, new Error("lost")), new Chats(ME));
  await roster.add(LI);
  await assert.rejects(roster.remove(LI));
  assert.equal(roster.isFriend("u15"), true);
});

test("who was removed on another device is off the list when it is asked for anew", async () => {
  const [li, wang] = [LI, 17].map((id) => ({ id, name: `user ${id}`, state: "online" }));
  const roster = new Roster(new FakeSession({ friends: [li, wang] }, { friends: [wang] }), new Chats(ME));
  await roster.load();
  await roster.load();
  assert.deepEqual([...roster.friends.keys()], ["u17"]);
});

test("somebody of whom is told and who is not on the list is to be looked for, and not put there", async () => {
  const [li, wang] = [LI, 17].map((id) => ({ id, name: `user ${id}`, state: "online" }));
  const session = new FakeSession({ friend: li }, {}, { friends: [] }, { friends: [wang] });
  const roster = new Roster(session, new Chats(ME));
  await roster.add(LI);
  await roster.remove(LI);
  for (const [one, expected] of [[li, []], [wang, ["u17"]]]) {
    assert.equal(roster.heard({ msgid: MSG.PRESENCE, ...one }), false);
    await roster.load();
    assert.deepEqual([...roster.friends.keys()], expected);
  }
  assert.equal(roster.heard({ msgid: MSG.PRESENCE, ...wang }), true);
});

test("the first page of conversations is kept, and none behind the last is asked for", async () => {
  const store = new FakeStore();
  const row = (toid) => ({ toid, name: "", last: frame(toid), read: 0, unread: 1 });
  const first = { conversations: [row(LI)], next: 9 };
  const chats = new Chats(ME);
  const session = new FakeSession(first, { conversations: [row(17)], next: null });
  const conversations = new Conversations(session, store, chats);
  await conversations.load();
  await conversations.loadMore();
  await conversations.loadMore();
  assert.deepEqual(session.asked.map((one) => one.before), [undefined, 9]);
  assert.deepEqual([...chats.all.keys()], ["u15", "u17"]);
  const later = new Chats(ME);
  await new Conversations(new FakeSession(), store, later).restore();
  assert.deepEqual([...later.all.keys()], ["u15"]);
});

test("a list that cannot be kept has come all the same, and what comes after it is asked for", async () => {
  const store = new FakeStore();
  store.keep = () => Promise.reject(new Error("the disk is full"));
  await new Conversations(new FakeSession({ conversations: [] }), store, new Chats(ME)).load();
});

test("what the history had is shown and kept, even where it cannot be kept", async () => {
  const store = new FakeStore();
  const chats = new Chats(ME);
  const page = (...all) => ({ msgid: 1042, toid: LI, entries: all.map(frame), more: true });
  const history = new History(new FakeSession(page(8, 9), page(6, 7)), store, chats);
  await history.loadNewest("u15");
  store.remember = () => Promise.reject(new Error("the disk is full"));
  await history.loadOlder("u15", 8);
  assert.deepEqual(chats.chat("u15").messages.map((one) => one.at), [6, 7, 8, 9]);
  const later = new Chats(ME);
  await new History(new FakeSession(), store, later).restore("u15");
  assert.deepEqual(later.chat("u15").messages.map((one) => one.at), [8, 9]);
});

/** A session that has so many messages from li si, and answers HISTORY as the server does. */
class Archive extends FakeSession {
  constructor(count, read) {
    super();
    Object.assign(this, { count, read });
  }
  async ask(asked) {
    this.asked.push(asked);
    const { before = Infinity, after = 0, limit } = asked;
    const all = Array.from({ length: this.count }, (_, step) => step + 1);
    const found = all.filter((at) => at < before && at > after);
    const entries = (after || asked.after === 0 ? found.slice(0, limit) : found.slice(-limit)).map(frame);
    const newest = asked.before === undefined && asked.after === undefined;
    const rest = newest ? { read: this.read, marks: [{ id: LI, read: 7 }] } : {};
    return { msgid: 1042, toid: LI, entries, more: entries.length < found.length, ...rest };
  }
}

async function opened(count, read) {
  const chats = new Chats(ME);
  const row = { toid: LI, name: "li si", last: frame(count), read, unread: count - read };
  chats.listed({ msgid: 1040, conversations: [row] });
  const session = new Archive(count, read);
  await new History(session, new FakeStore(), chats).loadOpening("u15");
  const chat = chats.chat("u15");
  const ends = [chat.messages[0].at, chat.messages.at(-1).at];
  return { chats, chat, ends, questions: session.asked.length };
}

test("a conversation is loaded around what is new, however much that is", async () => {
  const { chats, chat, ends } = await opened(900, 300);
  assert.deepEqual(ends, [241, 360]);
  assert.deepEqual([chat.loaded, chat.atStart, chat.atEnd], [true, false, false]);
  assert.equal(chat.reads.get(LI), 7);
  assert.equal(chats.hasOpening("u15"), true);
  assert.deepEqual((await opened(900, 0)).ends, [1, 60]);
});

test("one question is enough where what is new is among the newest, or there is nothing new", async () => {
  for (const read of [900, 870]) {
    const { chat, ends, questions } = await opened(900, read);
    assert.deepEqual([ends, chat.atEnd, questions], [[841, 900], true, 1]);
  }
});

test("what is loaded stays where its opening was asked for twice, as beside a new connection", async () => {
  const { chats, chat } = await opened(900, 870);
  chats.unload("u15");
  const archive = new Archive(900, 300);
  chat.unread = 600;
  chat.read = 300;
  const history = new History(archive, new FakeStore(), chats);
  let go;
  const first = new Promise((resolve) => (go = resolve));
  const late = new FakeSession();
  late.ask = (asked) => first.then(() => archive.ask(asked));
  const second = new History(late, new FakeStore(), chats).loadOpening("u15");
  await history.loadOpening("u15");
  await history.loadNewer("u15", 360);
  go();
  await second;
  assert.deepEqual([chat.messages[0].at, chat.messages.at(-1).at], [241, 420]);
});

test("how far others have read what was loaded before is asked for once in a connection", async () => {
  const { chats, chat } = await opened(900, 870);
  chats.chat("g3");
  const session = new FakeSession({ msgid: 1042, toid: LI, entries: [], more: true, marks: [{ id: LI, read: 880 }] });
  const history = new History(session, new FakeStore(), chats);
  await history.loadMarks("u15");
  session.emit("online", {});
  for (const key of ["u15", "g3", "u15"]) await history.loadMarks(key);
  assert.deepEqual(session.asked, [{ msgid: MSG.HISTORY, toid: LI, limit: 1 }]);
  assert.deepEqual([chat.reads.get(LI), chat.messages.at(-1).at], [880, 900]);
});

test("read marks that were refused are asked for again", async () => {
  const { chats, chat } = await opened(900, 870);
  const session = new FakeSession(new Error("try_again"), {
    msgid: 1042, toid: LI, entries: [], more: true, marks: [{ id: LI, read: 880 }],
  });
  const history = new History(session, new FakeStore(), chats);
  session.emit("online", {});
  await assert.rejects(history.loadMarks("u15"));
  await history.loadMarks("u15");
  assert.equal(chat.reads.get(LI), 880);
});

test("a message is kept and shown before it is sent, until the server has it", () => {
  const [session, store, chats] = [new FakeSession(), new FakeStore(), new Chats(ME)];
  const writing = new Writing(session, store, chats);
  session.send = (message) => {
    assert.deepEqual([...store.queued.keys()], [message.cid]);
    assert.deepEqual(chats.waiting("u15"), [message]);
    session.sent.push(message);
  };
  writing.send("u15", "hello");
  session.emit("sent", { message: session.sent[0], ack: { at: 4, time: 5 } });
  assert.deepEqual([store.queued.size, chats.waiting("u15").length], [0, 0]);
  assert.deepEqual(store.remembered.map((one) => [one.at, one.text]), [[4, "hello"]]);
});

test("what was refused waits for its user, over a reload too, and is sent again anew", async () => {
  const [session, store, chats] = [new FakeSession(), new FakeStore(), new Chats(ME)];
  const writing = new Writing(session, store, chats);
  writing.send("u15", "first");
  writing.send("u15", "second");
  session.emit("refused", { message: session.sent[0], error: { error: "blocked" } });
  const later = [new FakeSession(), new Chats(ME)];
  const again = new Writing(later[0], store, later[1]);
  await again.restore();
  assert.deepEqual(later[1].waiting("u15").map((one) => one.error), ["blocked", undefined]);
  assert.deepEqual(later[0].sent.map((one) => one.text), ["second"]);
  const [refused] = later[1].waiting("u15");
  again.sendAgain(refused);
  assert.deepEqual(later[0].sent.map((one) => one.text), ["second", "first"]);
  assert.equal(store.queued.has(refused.cid), false);
});

test("what another tab has sent waits here no more", () => {
  const [session, store, chats] = [new FakeSession(), new FakeStore(), new Chats(ME)];
  const writing = new Writing(session, store, chats);
  writing.send("u15", "hello");
  writing.pushed("of somebody else");
  assert.equal(store.queued.size, 1);
  writing.pushed(session.sent[0].cid);
  assert.equal(store.queued.size, 0);
});

test("what is read is told of once a second, of each conversation the last", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const [session, chats] = [new FakeSession(), new Chats(ME)];
  const reading = new Reading(session, chats);
  for (const at of [1, 2]) {
    chats.pushed(entry(at));
    reading.saw("u15", at);
  }
  chats.pushed({ ...entry(3), key: "g3" });
  reading.saw("g3", 3);
  assert.deepEqual(session.said, []);
  mock.timers.tick(READ_EVERY);
  const marks = [{ msgid: MSG.READ, toid: LI, at: 2 }, { msgid: MSG.READ, groupid: 3, at: 3 }];
  assert.deepEqual(session.said, marks);
  chats.pushed(entry(4));
  reading.saw("u15", 4);
  reading.saw("g3", 3);
  mock.timers.tick(READ_EVERY);
  assert.deepEqual(session.said, [...marks, { msgid: MSG.READ, toid: LI, at: 4 }]);
  mock.timers.reset();
});

test("the server is told of nothing that was read before positions began anew", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const [session, chats] = [new FakeSession(), new Chats(ME)];
  const reading = new Reading(session, chats);
  chats.pushed(entry(2));
  reading.saw("u15", 2);
  session.emit("reset");
  chats.forget();
  chats.pushed({ ...entry(1), key: "g3" });
  reading.saw("g3", 1);
  mock.timers.tick(READ_EVERY);
  assert.deepEqual(session.said, [{ msgid: MSG.READ, groupid: 3, at: 1 }]);
  mock.timers.reset();
});

test("what is seen without a connection is not read yet", () => {
  const [session, chats] = [new FakeSession(), new Chats(ME)];
  const reading = new Reading(session, chats);
  const told = changes(reading);
  session.online = false;
  chats.pushed(entry(1));
  reading.saw("u15", 1);
  assert.deepEqual([chats.unread, told.times], [1, 0]);
});

test("a draft is there until it is empty, and as another tab has left it", async () => {
  const store = new FakeStore();
  const drafts = new Drafts(store);
  drafts.keep("u15", "well");
  assert.equal(drafts.of("u15"), "well");
  store.texts.set("u15", "well, then");
  assert.equal(await drafts.read("u15"), "well, then");
  await drafts.restore();
  assert.equal(drafts.of("u15"), "well, then");
  drafts.keep("u15", "");
  assert.deepEqual([drafts.of("u15"), await drafts.read("u15")], ["", ""]);
});

test("a draft that was not changed here stays as another tab has left it", () => {
  const store = new FakeStore();
  const drafts = new Drafts(store);
  drafts.keep("u15", "well");
  store.texts.set("u15", "well, then");
  drafts.keep("u15", "well");
  assert.equal(store.texts.get("u15"), "well, then");
  store.texts.delete("u15"); // it was sent there
  drafts.keep("u15", "well");
  assert.equal(store.texts.has("u15"), false);
});

test("what is chosen on another device counts here, for all conversations or for one", async () => {
  const chats = new Chats(ME);
  const settings = { hide_read: true, hide_typing: false };
  const preferences = new Preferences(new FakeSession(settings), chats);
  await preferences.load();
  assert.deepEqual([preferences.hidesRead, preferences.hidesTyping], [true, false]);
  const chosen = { ...settings, hide_typing: true, toid: LI, muted: true };
  preferences.heard({ msgid: MSG.SETTINGS_ACK, ...chosen });
  assert.deepEqual([preferences.hidesTyping, chats.chat("u15").muted], [true, true]);
});

test("a conversation is silent when the server knows of it, and not before", async () => {
  const chats = new Chats(ME);
  const chat = chats.chat("u15");
  const answer = { hide_read: false, hide_typing: false, toid: LI, muted: true };
  const preferences = new Preferences(new FakeSession(new Error("lost"), answer), chats);
  await assert.rejects(preferences.mute(chat, true));
  assert.equal(chat.muted, false);
  await preferences.mute(chat, true);
  assert.equal(chat.muted, true);
});
