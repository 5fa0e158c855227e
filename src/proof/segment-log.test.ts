// SPDX-License-Identifier: Apache-2.0
// The hashes of many segments, packed.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { SegmentLog } from "./segment-log.ts";

test("SegmentLog gives back what was added, and the order of the disk", () => {
  const log = new SegmentLog();
  const hash = (n: number): Buffer => createHash("sha256").update(`${n}`).digest();
  const count = 5000;
  for (let n = count - 1; n >= 0; n -= 1) {
    const [start, end] = [n * 100, n * 100 + 100];
    const data =
      n % 3 === 0
        ? [{ start, end }]
        : [
            { start: start + 1, end: start + 2 },
            { start: start + 9, end },
          ];
    log.add({ start, end, data, sha256: hash(n) });
  }
  assert.equal(log.length, count);
  const order = log.inDiskOrder();
  for (const n of [0, 1, 2, 1234, count - 1]) {
    const entry = log.at(order[n] ?? -1);
    assert.equal(entry.start, n * 100);
    assert.equal(entry.data.length, n % 3 === 0 ? 1 : 2);
    assert.ok(hash(n).equals(entry.sha256));
  }
  assert.throws(() => log.at(count), RangeError);
  assert.throws(() => log.add({ start: 0, end: 1, data: [], sha256: new Uint8Array(3) }), RangeError);
});
