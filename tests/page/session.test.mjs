import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { AGAIN_AFTER, AT_ONCE } from "../../adapters/web/page/session/outbox.js";
import { Session } from "../../adapters/web/page/session/session.js";

/** The server's end of a socket, which a test plays. */
class FakeSocket {
  static all = [];
  constructor() {
    FakeSocket.all.push(this);
    this.said = [];
  }
  send(data) {
    this.said.push(JSON.parse(data));
  }
  close(code = 1000) {
    this.closed = code;
  }
  opens() {
    this.onopen?.({});
  }
  says(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  breaks(code = 1006) {
    this.onclose?.({ code });
  }
}

/** Keeps the place in memory, and says when something was stored. */
class Kept {
  constructor(since = 0, epoch = "") {
    Object.assign(this, { since, epoch, entries: [] });
  }
  async place() {
    return { since: this.since, epoch: this.epoch };
  }
  async commit(entries, since, epoch) {
    this.entries.push(...entries);
    Object.assign(this, { since, epoch });
  }
  async reset(since, epoch) {
    Object.assign(this, { since, epoch, entries: [] });
  }
}

const settled = async () => {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
};
const ME = { id: 13, name: "zhang san", token: "t1", session: "s1" };
const welcome = (rest = {}) => ({ msgid: 1001, errno: 0, v: 2, ...ME, head: 10, epoch: "e1", oldest: 1, ...rest });
const said = (at) => ({ msgid: 1005, at, cid: `c${at}`, id: 15, name: "li si", toid: 13, msg: "hi", time: 1 });

/** The newest connection, once it is open. */
async function opened() {
  const socket = FakeSocket.all.at(-1);
  socket.opens();
  await settled();
  return socket;
}

/** The connection that follows a broken one, once it is open. */
async function reopened() {
  await settled();
  mock.timers.tick(200);
  await settled();
  return opened();
}

async function resumed(kept = new Kept(10, "e1"), rest = {}) {
  const session = new Session(() => new FakeSocket(), () => 0);
  session.resume({ ...ME }, kept);
  await settled();
  const socket = await opened();
  socket.says(welcome({ seq: socket.said[0].seq, ...rest }));
  await settled();
  return { session, socket, kept };
}

beforeEach(() => {
  FakeSocket.all.length = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
});

test("a session comes back with what it has written down", async () => {
  const { socket } = await resumed();
  const { seq, ...frame } = socket.said[0];
  assert.deepEqual(frame, { msgid: 1015, token: "t1", since: 10, epoch: "e1" });
  assert.ok(seq);
});

test("nothing is said before the login is answered: what it speaks of may mean nothing any more", async () => {
  const { session, socket } = await resumed();
  socket.breaks();
  const next = await reopened();
  session.say({ msgid: 1043, toid: 15, at: 9 });
  await assert.rejects(session.ask({ msgid: 1022 }), { message: "offline" });
  assert.deepEqual([next.said.length, session.online], [1, false]);
  next.says(welcome({ seq: next.said[0].seq, reset: true, epoch: "e2" }));
  await settled();
  session.say({ msgid: 1043, toid: 15, at: 9 });
  assert.deepEqual([next.said.at(-1).msgid, session.online], [1043, true]);
});

test("what is pushed is taken over once it is written down, not before", async () => {
  const { socket, kept, session } = await resumed();
  let write;
  kept.commit = () => new Promise((done) => (write = done));
  const seen = [];
  session.on("entries", (entries) => seen.push(...entries.map((one) => one.at)));
  socket.says(said(11));
  await settled();
  mock.timers.tick(5_000);
  assert.deepEqual(seen, [11]);
  assert.ok(!socket.said.some((frame) => frame.msgid === 1014));
  write();
  await settled();
  mock.timers.tick(1_000);
  assert.deepEqual(socket.said.at(-1), { msgid: 1014, at: 11 });
});

test("what could not be written down is never said to be taken over", async () => {
  const { socket, kept, session } = await resumed();
  const troubles = [];
  session.on("trouble", (error) => troubles.push(error.message));
  kept.commit = () => Promise.reject(new Error("the disk is full"));
  socket.says(said(11));
  await settled();
  mock.timers.tick(5_000);
  assert.ok(!socket.said.some((frame) => frame.msgid === 1014));
  assert.deepEqual(troubles, ["the disk is full"]);
});

test("positions that begin anew do so where that cannot be written down", async () => {
  const kept = new Kept(10, "e1");
  kept.reset = () => Promise.reject(new Error("the disk is full"));
  const { session, socket } = await resumed(kept, { reset: true, head: 3, epoch: "e2" });
  assert.deepEqual([session.online, socket.closed], [true, undefined]);
  socket.says(said(4));
  await settled();
  mock.timers.tick(5_000);
  assert.ok(!socket.said.some((frame) => frame.msgid === 1014));
  assert.deepEqual(kept.entries, []);
});

test("a PING is answered and moves the place", async () => {
  const { socket, kept } = await resumed();
  socket.says({ msgid: 1012, at: 42 });
  await settled();
  assert.deepEqual(socket.said.at(-1), { msgid: 1013 });
  assert.equal(kept.since, 42);
});

test("a session without a position asks for it, and begins where it is told", async () => {
  const { socket, kept } = await resumed(new Kept());
  assert.ok(socket.said.some((frame) => frame.msgid === 1012));
  socket.says({ msgid: 1013, at: 12 });
  await settled();
  assert.deepEqual([kept.since, kept.epoch], [12, "e1"]);
  socket.breaks();
  assert.equal((await reopened()).said[0].since, 12);
});

test("a session that comes back without a position begins anew: another device may have more", async () => {
  const { session, socket } = await resumed(new Kept(0, "e1"));
  let resets = 0;
  session.on("reset", () => (resets += 1));
  socket.breaks();
  const next = await reopened();
  next.says(welcome({ seq: next.said[0].seq }));
  await settled();
  assert.equal(resets, 1);
});

test("a broken connection is followed by another, after a wait that grows", async () => {
  const { session, socket } = await resumed();
  const waits = [];
  session.on("offline", ({ again }) => waits.push(again - Date.now()));
  let last = socket;
  for (let attempt = 0; attempt < 12; attempt += 1) {
    last.breaks();
    await settled();
    mock.timers.tick(30_000);
    await settled();
    last = FakeSocket.all.at(-1);
  }
  assert.equal(waits[0], 100);
  assert.ok(waits.every((wait, place) => place === 0 || wait >= waits[place - 1]));
  assert.equal(waits.at(-1), 15_000);
});

test("a server that goes away says how soon to come back", async () => {
  const { session, socket } = await resumed();
  const waits = [];
  session.on("offline", ({ again }) => waits.push(again - Date.now()));
  socket.says({ msgid: 1018, delay: 8_000 });
  socket.breaks(1001);
  await settled();
  mock.timers.tick(8_000);
  await settled();
  FakeSocket.all.at(-1).breaks();
  await settled();
  assert.deepEqual(waits, [4_000, 200]);
});

test("a session that was ended elsewhere does not come back", async () => {
  for (const end of [(socket) => socket.says({ msgid: 1016 }), (socket) => socket.breaks(4001)]) {
    const { session, socket } = await resumed();
    let ends = 0;
    session.on("ended", () => (ends += 1));
    const before = FakeSocket.all.length;
    end(socket);
    await settled();
    mock.timers.tick(60_000);
    assert.equal(ends, 1);
    assert.equal(FakeSocket.all.length, before);
  }
});

test("another epoch begins anew", async () => {
  const kept = new Kept(10, "e0");
  const { session } = await resumed(kept, { reset: true, head: 99 });
  assert.deepEqual([kept.since, kept.epoch, session.online], [99, "e1", true]);
});

const message = (cid) => ({ cid, key: "u15", text: cid, time: 1 });
const chats = (socket) => socket.said.filter((frame) => frame.msgid === 1005);

test("messages go in their order, so many at once", async () => {
  const { session, socket } = await resumed();
  for (let number = 0; number < AT_ONCE + 5; number += 1) session.send(message(`m${number}`));
  assert.equal(chats(socket).length, AT_ONCE);
  socket.says({ msgid: 1010, seq: chats(socket)[0].seq, at: 11, time: 1 });
  await settled();
  assert.deepEqual(chats(socket).map((frame) => frame.msg), Array.from({ length: AT_ONCE + 1 }, (_, n) => `m${n}`));
});

test("what fails for the moment comes again, before what is behind it", async () => {
  const { session, socket } = await resumed();
  const [sent, refused] = [[], []];
  session.on("sent", ({ message: one }) => sent.push(one.cid));
  session.on("refused", ({ message: one }) => refused.push(one.cid));
  for (const cid of ["a", "b", "c"]) session.send(message(cid));
  for (const frame of chats(socket)) {
    socket.says({ msgid: 1011, seq: frame.seq, errno: 50, error: "try_again", errmsg: "" });
  }
  await settled();
  mock.timers.tick(AGAIN_AFTER);
  await settled();
  assert.deepEqual(chats(socket).map((frame) => frame.cid), ["a", "b", "c", "a", "b", "c"]);
  for (const frame of chats(socket).slice(3)) socket.says({ msgid: 1010, seq: frame.seq, at: 1, time: 1 });
  await settled();
  assert.deepEqual([sent, refused], [["a", "b", "c"], []]);
});

test("what the server does not take is told, and what is behind it goes on", async () => {
  const { session, socket } = await resumed();
  const [sent, refused] = [[], []];
  session.on("sent", ({ message: one }) => sent.push(one.cid));
  session.on("refused", ({ message: one, error }) => refused.push([one.cid, error.error]));
  for (const cid of ["a", "b"]) session.send(message(cid));
  const [first, second] = chats(socket);
  socket.says({ msgid: 1011, seq: first.seq, errno: 36, error: "not_member", errmsg: "" });
  socket.says({ msgid: 1010, seq: second.seq, at: 1, time: 1 });
  await settled();
  assert.deepEqual([sent, refused], [["b"], [["a", "not_member"]]]);
});

test("what was on its way when the connection broke comes again over the next, first", async () => {
  const { session, socket } = await resumed();
  session.send(message("a"));
  socket.breaks();
  session.send(message("b"));
  const next = await reopened();
  next.says(welcome({ seq: next.said[0].seq }));
  await settled();
  assert.deepEqual(chats(next).map((frame) => frame.cid), ["a", "b"]);
});

test("a connection that is lost while a login opens what is kept comes back too", async () => {
  const session = new Session(() => new FakeSocket(), () => 0);
  let open;
  const entered = session.logIn("13", "secret", "", () => new Promise((done) => (open = done)));
  const socket = await opened();
  socket.says(welcome({ seq: socket.said[0].seq }));
  await settled();
  session.drop();
  open(new Kept());
  await entered;
  const next = await reopened();
  assert.deepEqual([next === socket, next.said[0].msgid], [false, 1015]);
});
