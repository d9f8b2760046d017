import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import {
  addressOf,
  changePassword,
  deviceName,
  forgetIdentity,
  keepIdentity,
  keptIdentity,
  newestToken,
} from "../../adapters/web/page/session/identity.js";

const ME = { id: 13, name: "zhang san", token: "t1", session: "s1" };
const OTHER = { id: 15, name: "li si", token: "t9", session: "s9" };

/** Another tab of the same browser. */
const openTab = () => (globalThis.sessionStorage = {});

beforeEach(() => {
  globalThis.localStorage = {};
  openTab();
});

test("who does not want to stay is here in this tab alone", () => {
  keepIdentity(ME, false);
  assert.deepEqual(keptIdentity(), ME);
  openTab();
  assert.equal(keptIdentity(), null);
});

test("who wants to stay is here in every tab, and stays so with each new token", () => {
  keepIdentity(ME, true);
  openTab();
  keepIdentity({ ...ME, token: "t2" });
  openTab();
  assert.equal(keptIdentity().token, "t2");
  forgetIdentity(ME);
  assert.equal(keptIdentity(), null);
});

test("a tab stays with its own user where the browser keeps another, and takes nothing from them", () => {
  keepIdentity(ME, true);
  openTab();
  keepIdentity(OTHER, false);
  keepIdentity({ ...OTHER, token: "t8" }); // it has come back
  assert.equal(keptIdentity().token, "t8");
  forgetIdentity(OTHER);
  assert.deepEqual(keptIdentity(), ME);
});

test("a session goes on by the token that another tab of it has had last", () => {
  keepIdentity({ ...ME, token: "t2" }, true);
  assert.equal(newestToken(ME), "t2");
  assert.equal(newestToken(OTHER), "t9");
});

test("what is kept and makes no sense is nobody", () => {
  localStorage["chat.identity"] = "{";
  assert.equal(keptIdentity(), null);
});

test("with another password the session goes on by the token that comes with it", async () => {
  keepIdentity(ME, true);
  const session = { me: { ...ME }, ask: async () => ({ token: "t2" }) };
  await changePassword(session, "old", "new");
  assert.deepEqual([session.me.token, keptIdentity().token], ["t2", "t2"]);
});

test("the chat is where the page is, with TLS where the page has it", () => {
  assert.equal(addressOf("https://example.org/talk/?utm=1#x").href, "wss://example.org/talk/chat");
  assert.equal(addressOf("http://127.0.0.1:6080/").href, "ws://127.0.0.1:6080/chat");
});

test("a device is called by what is known of its browser and its system", () => {
  const random = new Uint8Array([1, 255]);
  const agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36";
  assert.equal(deviceName(agent, random), "Chrome Linux 01ff");
  assert.equal(deviceName("curl", random), "Browser 01ff");
});
