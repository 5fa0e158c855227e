// SPDX-License-Identifier: Apache-2.0
// What of a disk image's identity changed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileVerdict } from "./file-identity.ts";

test("a file's identity names what changed", () => {
  const before = { device: 1n, inode: 2n, size: 3n, "modification time": 4n, "change time": 5n };
  assert.equal(fileVerdict(before, { ...before }).held, true);
  assert.match(
    fileVerdict(before, { ...before, size: 4n, "change time": 6n }).detail,
    /size, change time changed/,
  );
  assert.equal(fileVerdict(before, null).held, false);
});
