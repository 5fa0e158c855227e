// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { CpioReader } from "../convert/initramfs/cpio.ts";
import { align, archiveEnd, archiveHead } from "./newc.ts";

test("an archive is read as what was put into it", () => {
  const content = Buffer.from("12345");
  const bytes = Buffer.concat([
    archiveHead({ name: "conf", mode: 0o40700, sizeBytes: 0, number: 1 }),
    archiveHead({ name: "conf/a", mode: 0o100600, sizeBytes: content.length, number: 2 }),
    align(content),
    archiveEnd(),
  ]);
  assert.equal(bytes.length % 4, 0);
  assert.equal(bytes.toString("latin1", 0, 22), "07070100000001000041c0");
  const reader = new CpioReader();
  reader.push(bytes);
  assert.ok(reader.ended);
  assert.deepEqual(
    [...reader.entries.values()].map(({ path, kind, content: kept }) => [path, kind, kept?.toString()]),
    [
      ["conf", "directory", undefined],
      ["conf/a", "file", "12345"],
    ],
  );
  assert.throws(() => archiveHead({ name: "a", mode: 0, sizeBytes: 2 ** 32, number: 1 }), RangeError);
});
