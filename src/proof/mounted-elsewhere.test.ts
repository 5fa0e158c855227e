// SPDX-License-Identifier: Apache-2.0
// Lines of mountinfo, by device number; real namespaces are in tests/block.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findMount } from "./mounted-elsewhere.ts";

const LINES = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
90 22 7:1 / /var/lib/docker/a\\040b rw - ext4 /dev/loop0p1 rw
91 22 0:50 / /proc rw - proc proc rw
`;

test("a mount is found by its device number, wherever it is", () => {
  assert.equal(findMount(LINES, new Set(["7:0", "7:1"])), "/var/lib/docker/a b");
  assert.equal(findMount(LINES, new Set(["7:2"])), null);
  assert.equal(findMount("garbage\n7:2", new Set(["7:2"])), null);
});
