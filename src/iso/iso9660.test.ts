// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseDirectory } from "./iso9660.ts";

function record({
  name,
  rockRidge = "",
  block,
  size,
  flags = 0,
}: {
  name: string;
  rockRidge?: string;
  block: number;
  size: number;
  flags?: number;
}): Buffer {
  const pad = (name.length + 1) & 1;
  const more =
    rockRidge === ""
      ? Buffer.alloc(0)
      : Buffer.concat([
          Buffer.from(`NM${String.fromCharCode(5 + rockRidge.length)}\u0001\0`, "latin1"),
          Buffer.from(rockRidge),
        ]);
  const bytes = Buffer.alloc(33 + name.length + pad + more.length);
  bytes[0] = bytes.length;
  bytes.writeUInt32LE(block, 2);
  bytes.writeUInt32LE(size, 10);
  bytes[25] = flags;
  bytes[32] = name.length;
  bytes.write(name, 33, "latin1");
  more.copy(bytes, 33 + name.length + pad);
  return bytes;
}

test("names are those of Rock Ridge, and without it those of the standard in small letters; a new sector begins a new record", () => {
  const first = Buffer.alloc(2048);
  record({ name: "BASE.SQU;1", rockRidge: "base.squashfs", block: 7, size: 100 }).copy(first);
  const second = Buffer.concat([
    record({ name: "LIVE", block: 9, size: 2048, flags: 2 }),
    record({ name: "VMLINUZ.;1", block: 11, size: 5 }),
  ]);
  assert.deepEqual(parseDirectory(Buffer.concat([first, second])), [
    { name: "base.squashfs", offset: 7 * 2048, sizeBytes: 100, isDirectory: false },
    { name: "live", offset: 9 * 2048, sizeBytes: 2048, isDirectory: true },
    { name: "vmlinuz", offset: 11 * 2048, sizeBytes: 5, isDirectory: false },
  ]);
});

test("law: whatever the bytes are, reading a directory ends", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6000 }), (bytes) => {
      assert.ok(parseDirectory(Buffer.from(bytes)).length <= bytes.length);
    }),
  );
});
