// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { nonZeroRuns } from "./io.ts";

test("nonZeroRuns() joins blocks of 4 KiB that are not zero", () => {
  const bytes = Buffer.alloc(5 * 4096 + 100);
  assert.deepEqual(nonZeroRuns(bytes), []);
  bytes.writeUInt8(1, 4096);
  bytes.writeUInt8(1, 3 * 4096 - 1);
  bytes.writeUInt8(1, bytes.length - 1);
  assert.deepEqual(nonZeroRuns(bytes), [
    { start: 4096, end: 3 * 4096 },
    { start: 5 * 4096, end: bytes.length },
  ]);
});
