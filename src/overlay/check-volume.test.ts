// SPDX-License-Identifier: Apache-2.0
// What of a checker's output is worth telling.
import assert from "node:assert/strict";
import { test } from "node:test";
import { complaints } from "./check-volume.ts";

test("complaints() keeps the complaint, not the passes, and no control character of a file name", () => {
  const output =
    "e2fsck 1.47.0 (5-Feb-2023)\nPass 1: Checking inodes\nEntry 'a\u001b[2Jb' is wrong\n\nFix? no\n";
  assert.equal(complaints(output, 8), "Entry 'a?[2Jb' is wrong | Fix? no");
  assert.equal(complaints(output, 1), "Fix? no");
});
