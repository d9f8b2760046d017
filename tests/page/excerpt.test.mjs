import assert from "node:assert/strict";
import { test } from "node:test";

import { Excerpt, SHOWN, STEP } from "../../adapters/web/page/model/excerpt.js";

/** A conversation with these positions loaded. */
const chat = (from, upto, rest = {}) => ({
  messages: Array.from({ length: upto - from + 1 }, (_, step) => ({ at: from + step })),
  loaded: true, atStart: false, atEnd: true, ...rest,
});

function atEnd(of) {
  const excerpt = new Excerpt();
  excerpt.toEnd(of);
  return excerpt;
}

/** The first and the last position that are shown. */
function ends(excerpt, of) {
  const shown = excerpt.of(of);
  return [shown[0].at, shown.at(-1).at];
}

test("at the end the newest are shown, and whatever comes", () => {
  const all = chat(1, 1_000);
  const excerpt = atEnd(all);
  assert.deepEqual(ends(excerpt, all), [1_001 - SHOWN, 1_000]);
  all.messages.push({ at: 1_001 });
  assert.equal(ends(excerpt, all)[1], 1_001);
});

test("going back shows a step more, and lets as many go at the other end", () => {
  const all = chat(1, 1_000);
  const excerpt = atEnd(all);
  assert.equal(excerpt.back(all), true);
  assert.deepEqual(ends(excerpt, all), [1_001 - SHOWN - STEP, 1_000 - STEP]);
  assert.equal(excerpt.above(all).at, 1_000 - SHOWN - STEP);
  all.messages.push({ at: 1_001 });
  assert.equal(ends(excerpt, all)[1], 1_000 - STEP, "what is seen does not move");
  excerpt.toEnd(all);
  assert.equal(ends(excerpt, all)[1], 1_001);
});

test("to and fro leads to the end again, where what comes is shown", () => {
  const all = chat(1, 1_000);
  const excerpt = atEnd(all);
  while (excerpt.back(all)) assert.ok(excerpt.of(all).length <= SHOWN);
  assert.deepEqual(ends(excerpt, all), [1, SHOWN]);
  excerpt.forth(all);
  assert.deepEqual(ends(excerpt, all), [1 + STEP, SHOWN + STEP]);
  while (excerpt.forth(all)) assert.ok(excerpt.of(all).length <= SHOWN);
  assert.deepEqual(ends(excerpt, all), [1_001 - SHOWN, 1_000]);
  assert.equal(excerpt.isAtEnd, true);
});

test("the end of what is loaded is not the conversation's, if the server has more", () => {
  const all = chat(1, 1_000, { atEnd: false });
  const excerpt = atEnd(all);
  excerpt.back(all);
  while (excerpt.forth(all));
  assert.equal(excerpt.isAtEnd, false);
});

test("a conversation begins where there is nothing before what is shown", () => {
  const all = chat(1, 1_000, { atStart: true });
  const excerpt = atEnd(all);
  assert.equal(excerpt.hasStart(all), false);
  while (excerpt.back(all));
  assert.equal(excerpt.hasStart(all), true);
  assert.equal(excerpt.hasStart({ ...all, atStart: false }), false);
  const none = chat(1, 0, { atStart: true });
  assert.equal(atEnd(none).hasStart(none), true);
});

test("what is new stands below some that are known, with as many behind it as are shown", () => {
  const all = chat(1, 1_000);
  const excerpt = new Excerpt();
  excerpt.toNews(all, 300);
  assert.deepEqual(ends(excerpt, all), [301 - STEP, 300 - STEP + SHOWN]);
  assert.equal(excerpt.isAtEnd, false);
  excerpt.toNews(all, 10);
  assert.deepEqual(ends(excerpt, all), [1, SHOWN]);
});

test("few news are shown at the end, where what comes is shown", () => {
  const all = chat(1, 1_000);
  const excerpt = new Excerpt();
  for (const above of [990, Infinity]) {
    excerpt.toNews(all, above);
    assert.deepEqual([ends(excerpt, all), excerpt.isAtEnd], [[1_001 - SHOWN, 1_000], true]);
  }
});

test("the last that are loaded are no end to which something may be added, if there is more", () => {
  assert.equal(atEnd(chat(1, 100, { atEnd: false })).isAtEnd, false);
});
