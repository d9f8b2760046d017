import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Emitter } from "../../adapters/web/page/session/emitter.js";
import { FIRST_WAIT, Fetches } from "../../adapters/web/page/session/fetches.js";
import { Lost, Refused } from "../../adapters/web/page/session/line.js";

const busy = () => new Refused({ error: "try_again" });

/** Something to fetch that fails with each of these errors, one after the other, and then comes. */
function failing(...errors) {
  const fetch = async () => {
    fetch.times += 1;
    const error = errors.shift();
    if (error) throw error;
  };
  fetch.times = 0;
  return fetch;
}

const settle = () => new Promise((done) => setImmediate(done));

/** Run a test with a clock that only `pass` moves. */
async function withClock(run) {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await run(async (ms) => {
      mock.timers.tick(ms);
      await settle();
    });
  } finally {
    mock.timers.reset();
  }
}

test("what is refused for the moment holds nothing else up, and is fetched again until it comes", () =>
  withClock(async (pass) => {
    const fetches = new Fetches(new Emitter());
    const [list, friends] = [failing(), failing(busy(), busy(), busy())];
    assert.equal(await fetches.all(friends, list), false);
    assert.deepEqual([list.times, friends.times], [1, 1]);
    await pass(FIRST_WAIT);
    assert.equal(friends.times, 2);
    await pass(FIRST_WAIT); // each wait is longer than the one before
    assert.equal(friends.times, 2);
    await pass(FIRST_WAIT);
    assert.equal(friends.times, 3);
    await pass(4 * FIRST_WAIT);
    assert.equal(friends.times, 4);
    await pass(100 * FIRST_WAIT);
    assert.deepEqual([list.times, friends.times], [1, 4]);
  }));

test("after success the first wait is short again", () =>
  withClock(async (pass) => {
    const fetches = new Fetches(new Emitter());
    const fetch = failing(busy(), busy(), null, busy());
    await fetches.all(fetch);
    await pass(FIRST_WAIT);
    await pass(2 * FIRST_WAIT);
    assert.equal(fetch.times, 3);
    await fetches.all(fetch);
    await pass(FIRST_WAIT);
    assert.equal(fetch.times, 5);
  }));

test("what was asked for twice is fetched again once", () =>
  withClock(async (pass) => {
    const fetches = new Fetches(new Emitter());
    const fetch = failing(busy(), busy());
    await Promise.all([fetches.all(fetch), fetches.all(fetch)]);
    await pass(FIRST_WAIT);
    assert.equal(fetch.times, 3);
  }));

for (const error of [new Lost("offline"), new Refused({ error: "no_such_group" })]) {
  test(`nothing is fetched again after ${error.error ?? "a lost connection"}`, () =>
    withClock(async (pass) => {
      const fetches = new Fetches(new Emitter());
      const fetch = failing(error);
      assert.equal(await fetches.all(fetch), false);
      await pass(FIRST_WAIT);
      assert.equal(fetch.times, 1);
    }));
}

test("what a connection has refused is not fetched on the next one", () =>
  withClock(async (pass) => {
    const session = new Emitter();
    const fetches = new Fetches(session);
    const fetch = failing(busy());
    await fetches.all(fetch);
    session.emit("offline", { again: 0 });
    await pass(FIRST_WAIT);
    assert.equal(fetch.times, 1);
  }));

test("everything that is fetched has come", async () => {
  const fetches = new Fetches(new Emitter());
  const fetch = failing();
  assert.equal(await fetches.all(fetch, fetch), true);
  assert.equal(fetch.times, 2);
});

test("what has come without something that is not known yet is fetched again", () =>
  withClock(async (pass) => {
    const fetches = new Fetches(new Emitter());
    let times = 0;
    const friends = async () => (times += 1) > 1;
    assert.equal(await fetches.all(friends), false);
    await pass(FIRST_WAIT);
    await pass(100 * FIRST_WAIT);
    assert.equal(times, 2);
  }));
