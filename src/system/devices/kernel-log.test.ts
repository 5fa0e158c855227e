// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKernelLog } from "./kernel-log.ts";

test("parseKernelLog() takes the lines of one device since it was last set up", () => {
  const text = `[    1.000000] EXT4-fs (loop3): of an earlier file system
[ 3694.1] loop3: detected capacity change from 0 to 196608
[ 3694.2] EXT4-fs (loop31): another device
<3>[ 3694.3] EXT4-fs (loop3): couldn't mount because of unsupported optional features (10000)
[ 3694.4] [  T123] BTRFS error (device loop3 state E): open_ctree failed
[ 3694.5] I/O error, dev loop3, sector 0
`;
  assert.deepEqual(parseKernelLog(text, "loop3"), [
    "EXT4-fs (loop3): couldn't mount because of unsupported optional features (10000)",
    "BTRFS error (device loop3 state E): open_ctree failed",
    "I/O error, dev loop3, sector 0",
  ]);
  assert.deepEqual(parseKernelLog(text, "dm-0"), []);
});
