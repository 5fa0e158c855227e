// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { missingOf } from "./missing.ts";

const [A, B] = ["a".repeat(32), "b".repeat(32)];
const DASHED = "bbbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb";
const GROUP = { pvs: [A, B].map((uuid) => ({ uuid, extents: { start: 0, end: 1 }, taken: [] })) };

test("missingOf() tells a volume that lies on what is missing from one whose group does", () => {
  const both = new Map([A, B].map((uuid) => [uuid, "disk"]));
  const one = new Map([[A, "disk"]]);
  const of = (pvs: readonly string[], here = one, why?: string) =>
    missingOf({ pvs, pieces: why === undefined ? [] : { why } }, GROUP, here).missing;
  assert.equal(of([A, B], both), undefined);
  assert.deepEqual(of([A, B]), { pvs: [DASHED], of: "volume" });
  assert.deepEqual(of([A]), { pvs: [DASHED], of: "group" });
  assert.deepEqual(of([A, B], one, "it has a segment of type raid1"), { pvs: [DASHED], of: "copies" });
  assert.deepEqual(of([A, B], one, "it has a segment of type raid0"), { pvs: [DASHED], of: "volume" });
  assert.deepEqual(of([A, B], one, "it has a segment of type thin"), { pvs: [DASHED], of: "volume" });
});
