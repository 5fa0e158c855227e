// SPDX-License-Identifier: Apache-2.0
// An initramfs that unpacks to more than any computer has. Here, since a gigabyte takes seconds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readInitramfs } from "../../../src/convert/index.ts";
import { cpioOf } from "../../support/cpio.ts";

test("readInitramfs() of a bomb ends at 1 GiB", { timeout: 60_000 }, async () => {
  const head = Buffer.from(cpioOf({ big: "" }).subarray(0, 116));
  head.write("7fffffff", 6 + 6 * 8, "latin1"); // a file of 2 GiB
  const member = gzipSync(Buffer.alloc(2 ** 26));
  const bomb = Buffer.concat([gzipSync(head), ...Array.from({ length: 17 }, () => member)]);
  assert.ok(bomb.length < 2 ** 21);
  await assert.rejects(readInitramfs(bomb), /unpacks to more than 1073741824 bytes/);
});
