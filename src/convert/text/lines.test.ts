// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { splitLines, splitLogicalLines } from "./lines.ts";

test("lines joined are the text again", () => {
  for (const text of ["", "a", "a\n", "\n\na\r\nb", "a \\\n b\nc\\"]) {
    assert.equal(splitLines(text).join(""), text);
    assert.equal(splitLogicalLines(text).join(""), text);
  }
});
