// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { lastWords, shown } from "./words.ts";

test("lastWords() joins the last lines that hold something", () => {
  assert.equal(lastWords("one\ntwo\n\n three \r\n\n"), "two | three");
  assert.equal(lastWords("one\ntwo\n", { lines: 1 }), "two");
  assert.equal(lastWords(" \n\n"), "");
  assert.equal(lastWords("a\n".repeat(10), { lines: 10, maxChars: 5 }), "a | a");
});

test("lastWords() shows no escape of a terminal, and nothing that runs the other way", () => {
  assert.equal(lastWords("\u001b[2Jgone\u202e\u2028x\u0000"), "?[2Jgone??x?");
});

test("shown() leaves lines and tabs where they are wanted, and puts in what it is told", () => {
  assert.equal(shown("a\tb\nc\u007f\u0085\u2066d", { lines: true }), "a\tb\nc???d");
  assert.equal(shown("a\tb\r\n\u2029c"), "a?b???c");
  assert.equal(shown("a\u0000b", { by: "" }), "ab");
  assert.equal(shown("Zürich, 東京"), "Zürich, 東京");
});
