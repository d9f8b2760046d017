import assert from "node:assert/strict";
import { test } from "node:test";

import { LANGUAGES, best, brief, explained, speak, t } from "../../adapters/web/page/i18n/i18n.js";

test("each language says everything, with the same values in it", () => {
  const values = (text) => [...text.matchAll(/\{\w+\}/g)].map((one) => one[0]).sort();
  for (const words of Object.values(LANGUAGES)) {
    assert.deepEqual(Object.keys(words).sort(), Object.keys(LANGUAGES.en).sort());
    for (const [key, text] of Object.entries(words)) {
      assert.deepEqual(values(text), values(LANGUAGES.en[key]), key);
      assert.ok(text.trim(), key);
    }
  }
});

test("the browser's best language is spoken, otherwise English", () => {
  assert.deepEqual([best(["zh-CN", "en"]), best(["fr", "de"]), best([])], ["zh", "en", "en"]);
});

test("a language is changed at once, and values are put in as they are", () => {
  speak("zh");
  assert.equal(t("unread", { count: 3 }), "3 条未读");
  speak("en");
  assert.equal(t("typing_one", { name: "{count} $& <b>" }), "{count} $& <b> is typing…");
});

test("an error is said in words, one of a later version in the server's own", () => {
  assert.equal(explained({ error: "not_member" }), "You are not in this group.");
  assert.equal(explained({ error: "of_later", message: "server says" }), "server says");
  assert.equal(explained(new Error("x")), t("error_lost"));
});

test("a day of another year is told with the year: it would be taken for one of this year", () => {
  Object.defineProperty(globalThis, "navigator", { value: { languages: ["en-US"] }, configurable: true });
  const now = new Date(2026, 10, 30, 12).getTime();
  assert.equal(brief(new Date(2026, 10, 29).getTime(), now), "11/29");
  assert.equal(brief(new Date(2025, 10, 29).getTime(), now), "11/29/2025");
});
