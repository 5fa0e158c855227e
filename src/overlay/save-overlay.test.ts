// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { QCOW2_CLUSTER_BYTES } from "./qcow2-file.ts";
import { clustersOf } from "./save-overlay.ts";

test("every changed byte lies in a cluster that is kept, and no cluster is kept without one", () => {
  const range = fc
    .tuple(fc.nat(40 * QCOW2_CLUSTER_BYTES), fc.integer({ min: 1, max: 3 * QCOW2_CLUSTER_BYTES }))
    .map(([start, length]) => ({ start, end: start + length }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
      const clusters = clustersOf(ranges);
      const touches = (cluster: number): boolean =>
        ranges.some(
          ({ start, end }) =>
            start < (cluster + 1) * QCOW2_CLUSTER_BYTES && end > cluster * QCOW2_CLUSTER_BYTES,
        );
      const all = Array.from({ length: 50 }, (_, index) => index).filter(touches);
      assert.deepEqual(clusters, all);
    }),
  );
});
