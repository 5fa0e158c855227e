// SPDX-License-Identifier: Apache-2.0
// Which ranges an overlay holds, by what qemu-img lists.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMap } from "./touched.ts";

test("parseMap() takes what is present, zeros too, and clips to the disk", () => {
  const map = [
    { start: 0, length: 65_536, depth: 0, present: true, zero: false, data: true, offset: 327_680 },
    { start: 65_536, length: 65_536, depth: 0, present: true, zero: true, data: false },
    { start: 131_072, length: 65_536, depth: 0, present: false, zero: true, data: false },
    { start: 196_608, length: 65_536, depth: 0, present: true, zero: false, data: true, offset: 1 },
  ];
  assert.deepEqual(parseMap(JSON.stringify(map), 200_000), [
    { start: 0, end: 131_072 },
    { start: 196_608, end: 200_000 },
  ]);
  assert.throws(
    () => parseMap(JSON.stringify([{ start: 0, length: 1, data: true }]), 1),
    /does not list what is present/,
  );
  assert.throws(() => parseMap("{}", 1), /does not list/);
});
