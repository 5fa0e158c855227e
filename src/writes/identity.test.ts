// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { findTableId } from "./identity.ts";

test("a disk is known by its GPT, in either size of sectors, else by the number in its MBR", () => {
  for (const sector of [512, 4096]) {
    const head = Buffer.alloc(8192);
    head.write("EFI PART", sector);
    head.fill(0xab, sector + 56, sector + 72);
    head.writeUInt32LE(7, 440);
    head.writeUInt16LE(0xaa55, 510);
    assert.equal(findTableId(head), `gpt:${"ab".repeat(16)}`);
    head.fill(0, sector, sector + 8);
    assert.equal(findTableId(head), "mbr:07000000");
  }
  assert.equal(findTableId(Buffer.alloc(8192)), null);
  assert.equal(findTableId(Buffer.alloc(0)), null);
});
