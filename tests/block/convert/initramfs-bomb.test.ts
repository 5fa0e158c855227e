// SPDX-License-Identifier: Apache-2.0
// An initramfs that unpacks to more than any computer has. Here, since a gigabyte takes seconds.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { createGzip } from "node:zlib";
import { readInitramfs } from "../../../src/convert/index.ts";
import { cpioOf } from "../../support/cpio.ts";

const MIB = 2 ** 20;

test("readInitramfs() of a bomb ends at 1 GiB", async () => {
  const head = Buffer.from(cpioOf({ big: "" }).subarray(0, 116));
  head.write("7fffffff", 6 + 6 * 8, "latin1"); // a file of 2 GiB
  const zeros = Buffer.alloc(MIB);
  const all = Readable.from([head, ...Array.from({ length: 1025 }, () => zeros)]);
  const bomb = await buffer(all.pipe(createGzip({ level: 1 })));
  assert.ok(bomb.length < 8 * MIB);
  await assert.rejects(readInitramfs(bomb), /unpacks to more than 1073741824 bytes/);
});
