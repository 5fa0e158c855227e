// SPDX-License-Identifier: Apache-2.0
// Lines of sysfs: what is not a number is null.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareNames, parseCount, parseHex, parseName } from "./text.ts";

test("parseCount() takes whole decimal numbers only", () => {
  assert.equal(parseCount("65536\n"), 65_536);
  assert.equal(parseCount("0"), 0);
  for (const garbage of [
    null,
    "",
    "-1",
    "NaN",
    "1e9",
    "0x10",
    "12 13",
    "99999999999999999999",
    "1.5",
    "Infinity",
  ])
    assert.equal(parseCount(garbage), null, `${garbage}`);
  assert.equal(parseCount("10", { max: 9 }), null);
});

test("parseHex() takes hexadecimal without a prefix", () => {
  assert.equal(parseHex("8000000\n"), 0x8000000);
  for (const garbage of [null, "", "-8", "0x8", "ffffffffffffffffffff"])
    assert.equal(parseHex(garbage), null);
});

test("parseName() trims, joins blanks and drops control characters", () => {
  assert.equal(parseName("KINGSTON SH103S3   \n"), "KINGSTON SH103S3");
  assert.equal(parseName("a\u001b[31m  b\u202e"), "a [31m b");
  assert.equal(parseName(" \n\0"), null);
  assert.equal(parseName("x".repeat(1000))?.length, 256);
});

test("compareNames() puts disks in the order of the kernel", () => {
  const names = ["sdaa", "nvme10n1", "sdb", "sda10", "nvme2n1", "sda", "sda2", "vda"];
  assert.deepEqual(names.toSorted(compareNames), [
    "nvme2n1",
    "nvme10n1",
    "sda",
    "sda2",
    "sda10",
    "sdb",
    "sdaa",
    "vda",
  ]);
});
