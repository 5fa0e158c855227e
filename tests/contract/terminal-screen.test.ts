// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { TerminalScreen } from "../support/vms/terminal-screen.ts";

function shown(...parts: readonly string[]): readonly string[] {
  const screen = new TerminalScreen();
  for (const part of parts) screen.write(part);
  return screen.text().trimEnd().split("\n");
}

test("a screen shows what was written where", () => {
  assert.deepEqual(shown("ab\r\ncd"), ["ab", "cd"]);
  assert.deepEqual(shown("\u001b[2;3Hx\u001b[H1"), ["1", "  x"]);
  assert.deepEqual(shown("abcdef\u001b[3D\u001b[K"), ["abc"]);
  assert.deepEqual(shown("abcdef\r\u001b[2P\u001b[1@"), [" cdef"]);
  assert.deepEqual(shown("one\r\ntwo\r\nthree\u001b[2;1H\u001b[L"), ["one", "", "two", "three"]);
  assert.deepEqual(shown("one\r\ntwo\r\nthree\u001b[1;1H\u001b[M"), ["two", "three"]);
  assert.deepEqual(shown("x\u001b[2Jy"), [" y"]);
  assert.deepEqual(shown(`${"a".repeat(80)}b`), ["a".repeat(80), "b"]);
  assert.deepEqual(shown(Array.from({ length: 30 }, (_, n) => `${n}`).join("\r\n")).length, 24);
});

test("a sequence that comes in pieces is one, and what is not known is not shown", () => {
  assert.deepEqual(shown("a\u001b", "[3", ";1Hb"), ["a", "", "b"]);
  assert.deepEqual(shown("\u001b[?25l\u001b(Ba\u001b]0;title\u0007b\u001b[1;31mc\u001b=d"), ["abcd"]);
});
