// SPDX-License-Identifier: Apache-2.0
// Who writes to a source, by fdinfo.
import assert from "node:assert/strict";
import { test } from "node:test";
import { opensForWriting } from "./source-claim.ts";

test("opensForWriting() reads the access mode of fdinfo", () => {
  assert.equal(opensForWriting("pos:\t0\nflags:\t0100000\nmnt_id:\t1\n"), false);
  assert.equal(opensForWriting("pos:\t0\nflags:\t0100002\nmnt_id:\t1\n"), true);
  assert.equal(opensForWriting("pos:\t0\nflags:\t0100001\n"), true);
  assert.equal(opensForWriting(""), false);
});
