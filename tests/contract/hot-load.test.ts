// SPDX-License-Identifier: Apache-2.0
// What a busy server had synced is looked for in what its VM holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeLoad } from "../../lab/hot/judge.ts";

const SAID = new Map([
  ["shop 0", 12],
  ["file 7", 87],
  ["ended 0", 0],
]);

test("all that was said is there, or more", () => {
  assert.deepEqual(judgeLoad(SAID, "shop 0 12\nfile 7 127\npage 3 1\nchecked 0 0\n"), {
    faults: [],
    compared: 2,
  });
});

test("what is older, absent or spoilt is a fault, and so is a check that did not end", () => {
  assert.deepEqual(judgeLoad(SAID, "shop 0 11\nbad file 7\nchecked 0 0\n").faults, [
    "bad file 7",
    "shop 0: turn 12 was synced, turn 11 is there",
    "file 7: turn 87 was synced, nothing is there",
  ]);
  assert.equal(judgeLoad(SAID, "shop 0 12\nfile 7 87\n").faults.length, 1);
});
