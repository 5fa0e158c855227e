// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { EscapeKeys } from "./escape.ts";

/** What the job gets of these keys, each by itself; `!` where the person leaves. */
function typed(...keys: readonly string[]): string {
  const escape = new EscapeKeys();
  return keys
    .map((key) => {
      const { input, leaves } = escape.take(Buffer.from(key));
      return input.toString() + (leaves ? "!" : "");
    })
    .join("");
}

test("~. leaves at the begin of a line, and nowhere else", () => {
  assert.equal(typed("~", "."), "!");
  assert.equal(typed("yes\r~."), "yes\r!");
  assert.equal(typed("y", "~", "."), "y~.");
  assert.equal(typed("~", "~", "."), "~.");
  assert.equal(typed("~", "x"), "~x");
  assert.equal(typed("a", "\x03", "~", "."), "a\x03!");
});
