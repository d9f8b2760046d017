import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { MOST_UNWRITTEN, Place, TAKEN_AT, TAKEN_EVERY } from "../../adapters/web/page/session/place.js";

const settled = async () => {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
};

/** A place, what it sends to the server, and what was done to the stored data, in order. */
async function placed(since = 10, epoch = "e1") {
  const [said, done, failed] = [[], [], []];
  const kept = {
    place: async () => ({ since, epoch }),
    commit: async (entries, upto, of) =>
      done.push([`commit ${upto} ${of}`, entries.map((one) => one.at).join(" ")].filter(Boolean).join(": ")),
    reset: async (upto, of) => done.push(`reset ${upto} ${of}`),
  };
  const place = new Place((frame) => said.push(frame.at), (error) => failed.push(error.message));
  await place.restore(kept);
  return { place, kept, said, done, failed };
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

test("a session is resumed from where it was, and from nowhere if it has nothing", async () => {
  assert.deepEqual((await placed()).place.toResume, { since: 10, epoch: "e1" });
  assert.deepEqual((await placed(0)).place.toResume, {});
});

test("many messages are told of at once, few after a while", async () => {
  const { place, said } = await placed();
  const entries = Array.from({ length: TAKEN_AT }, (_, step) => ({ at: 11 + step }));
  place.pushed(entries.slice(1));
  await settled();
  assert.deepEqual(said, []);
  mock.timers.tick(TAKEN_EVERY);
  assert.deepEqual(said, [10 + TAKEN_AT]);
  place.pushed(entries);
  await settled();
  assert.deepEqual(said, [10 + TAKEN_AT, 10 + TAKEN_AT]);
});

test("an older position moves nothing", async () => {
  const { place, done } = await placed();
  place.reached(10);
  place.reached(9);
  place.reached(11);
  await settled();
  assert.deepEqual(done, ["commit 11 e1"]);
});

test("what is written down of another epoch goes, and is never told of", async () => {
  const { place, said, done } = await placed();
  place.pushed([{ at: 11 }]);
  await settled();
  place.begin(5, "e2");
  await settled();
  mock.timers.tick(TAKEN_EVERY);
  assert.deepEqual(done, ["commit 11 e1: 11", "reset 5 e2"]);
  assert.deepEqual([said, place.toResume], [[], { since: 5, epoch: "e2" }]);
});

test("a beginning that failed is tried again with the next", async () => {
  const { place, kept, done } = await placed();
  const { reset } = kept;
  kept.reset = () => Promise.reject(new Error("the disk is full"));
  await assert.rejects(place.begin(5, "e2"));
  kept.reset = reset;
  await place.begin(6, "e3");
  assert.deepEqual(done, ["reset 6 e3"]);
});

test("a beginning that failed comes before what is pushed then, and is no place before", async () => {
  const { place, kept, said, done } = await placed();
  const { reset } = kept;
  kept.reset = () => Promise.reject(new Error("the disk is full"));
  await assert.rejects(place.begin(5, "e2"));
  place.pushed([{ at: 6 }]);
  await settled();
  assert.deepEqual([done, place.toResume], [[], { since: 10, epoch: "e1" }]);
  kept.reset = reset;
  place.reached(6);
  await settled();
  mock.timers.tick(TAKEN_EVERY);
  assert.deepEqual([done, said], [["reset 5 e2", "commit 6 e2: 6"], [6]]);
  assert.deepEqual(place.toResume, { since: 6, epoch: "e2" });
});

test("what cannot be written down is told of here, and not to the server", async () => {
  const { place, kept, said, failed } = await placed();
  kept.commit = () => Promise.reject(new Error("the disk is full"));
  place.pushed([{ at: 11 }]);
  await settled();
  mock.timers.tick(TAKEN_EVERY);
  assert.deepEqual([failed, said], [["the disk is full"], []]);
});

test("what could not be written down is written with what comes next, and told of then", async () => {
  const { place, kept, said, done } = await placed();
  const { commit } = kept;
  kept.commit = () => Promise.reject(new Error("busy"));
  place.pushed([{ at: 11 }]);
  place.pushed([{ at: 12 }]);
  await settled();
  kept.commit = commit;
  assert.deepEqual(place.toResume, { since: 10, epoch: "e1" });
  place.pushed([{ at: 13 }]);
  await settled();
  mock.timers.tick(TAKEN_EVERY);
  assert.deepEqual([done, said], [["commit 13 e1: 11 12 13"], [13]]);
  assert.deepEqual(place.toResume, { since: 13, epoch: "e1" });
});

test("a PING is occasion enough to try again", async () => {
  const { place, kept, done } = await placed();
  const { commit } = kept;
  kept.commit = () => Promise.reject(new Error("busy"));
  place.pushed([{ at: 11 }]);
  await settled();
  kept.commit = commit;
  place.reached(11);
  await settled();
  assert.deepEqual(done, ["commit 11 e1: 11"]);
});

test("too much that could not be written down is left to the next connection", async () => {
  const { place, kept, said, done } = await placed();
  const { commit } = kept;
  kept.commit = () => Promise.reject(new Error("the disk is full"));
  place.pushed(Array.from({ length: MOST_UNWRITTEN + 1 }, (_, step) => ({ at: 11 + step })));
  await settled();
  kept.commit = commit;
  place.pushed([{ at: 5_000 }]);
  place.reached(6_000);
  await settled();
  mock.timers.tick(TAKEN_EVERY);
  assert.deepEqual([done, said, place.toResume], [[], [], { since: 10, epoch: "e1" }]);
  place.disconnected();
  place.pushed([{ at: 11 }]);
  await settled();
  mock.timers.tick(TAKEN_EVERY);
  assert.deepEqual([done, said], [["commit 11 e1: 11"], [11]]);
});

test("a session is resumed from what is written down, not from what was pushed", async () => {
  const { place, kept } = await placed();
  let write;
  kept.commit = () => new Promise((done) => (write = done));
  place.pushed([{ at: 11 }]);
  await settled();
  place.disconnected();
  assert.deepEqual(place.toResume, { since: 10, epoch: "e1" });
  write();
  await settled();
  assert.deepEqual(place.toResume, { since: 11, epoch: "e1" });
});
