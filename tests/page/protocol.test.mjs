import assert from "node:assert/strict";
import { test } from "node:test";

import { parts } from "../../adapters/web/page/protocol/links.js";
import {
  MOST_CHARACTERS,
  groupKey,
  newCid,
  pieces,
  readEntry,
  tidied,
  userKey,
  where,
} from "../../adapters/web/page/protocol/protocol.js";

const ME = 13;

test("a message belongs to the conversation with whoever is not oneself", () => {
  const frame = { msgid: 1005, at: 7, cid: "c", id: 15, name: "li si", toid: ME, msg: "hi", time: 1 };
  assert.equal(readEntry(frame, ME).key, userKey(15));
  assert.equal(readEntry({ ...frame, id: ME, toid: 15 }, ME).key, userKey(15));
  assert.equal(readEntry({ ...frame, id: ME, toid: ME }, ME).key, userKey(ME));
});

test("a group's message and its changes belong to the group", () => {
  const said = { msgid: 1009, at: 7, cid: "c", id: 15, name: "li si", groupid: 3, msg: "hi", time: 1 };
  const changed = { msgid: 1037, at: 8, cid: "d", id: 15, groupid: 3, time: 1, what: "left", whom: 13 };
  assert.equal(readEntry(said, ME).key, groupKey(3));
  assert.deepEqual(readEntry(changed, ME).change, { what: "left", whom: 13, name: "" });
});

test("a conversation is named by one field", () => {
  assert.deepEqual([where("u15"), where("g3")], [{ toid: 15 }, { groupid: 3 }]);
});

test("a cid begins with the time and has letters that the server takes", () => {
  const cid = newCid(1795176000123, new Uint8Array([0, 1, 2, 255, 4, 5, 6, 7]));
  assert.match(cid, /^1795176000123-[0-9a-f]{16}$/);
});

test("what is typed loses space behind it and other systems' ends of lines", () => {
  assert.equal(tidied("\r\na\r\n b \n\n"), "a\n b");
  assert.equal(tidied(" \n\t"), "");
});

test("a long text is cut into pieces that the server takes, by characters, none of them lost", () => {
  const text = "👩 ".repeat(MOST_CHARACTERS);
  const found = pieces(text);
  assert.equal(found.join(""), text);
  assert.ok(found.every((one) => Array.from(one).length <= MOST_CHARACTERS));
  assert.deepEqual(pieces("short"), ["short"]);
});

test("links are found, and nothing else is one", () => {
  const text = "see https://example.org/a_(b). And javascript:alert(1) http://x.y/z, ok";
  const found = parts(text);
  assert.equal(found.map((one) => one.text).join(""), text);
  assert.deepEqual(
    found.filter((one) => one.href).map((one) => one.href),
    ["https://example.org/a_(b)", "http://x.y/z"],
  );
});

test("no text takes long to look through", () => {
  // A hundred times as long as a message may be: ten thousand times the work, if it grew by the square.
  const text = `https://a${".)".repeat(200_000)}b`;
  const began = process.cpuUsage();
  assert.deepEqual(parts(text).map((one) => one.text), [text]);
  assert.ok(process.cpuUsage(began).user < 2_000_000);
});

test("a link that looks like another's is none", () => {
  for (const text of ["https://bank.example@evil.example/", "https://\u202eevil", "HTTP://", "data:text/html,x"]) {
    assert.ok(parts(text).every((one) => !one.href || !one.href.includes("@")), text);
  }
});
