// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { type DiskFacts, whyNotTraceable } from "./traceable.ts";

const plain: DiskFacts = {
  name: "sda",
  isPartition: false,
  slaves: [],
  holders: [],
  mappers: [],
  hasRequests: true,
};
const reason = (facts: Partial<DiskFacts>): string | null =>
  whyNotTraceable({ ...plain, ...facts })?.reason ?? null;

test("writes to a disk of a known driver are seen, also below LVM and md", () => {
  for (const name of ["sda", "vdb", "xvda", "nvme0n1", "mmcblk0", "cciss!c0d0", "sdaa", "loop3"])
    assert.equal(reason({ name }), null, name);
  assert.equal(reason({ holders: ["dm-0", "md0"], mappers: ["LVM-abc", ""] }), null);
  assert.equal(reason({ name: "nvme0n1", hasRequests: false }), null);
});

test("what is stacked, reached twice or unknown is unclear", () => {
  assert.equal(reason({ isPartition: true }), "not-a-device");
  assert.equal(reason({ slaves: ["sda"] }), "stacked");
  assert.equal(reason({ mappers: ["mpath-3600"] }), "several-paths");
  assert.equal(reason({ name: "rbd0" }), "driver");
  assert.equal(reason({ name: "zram0", hasRequests: false }), "driver");
  assert.equal(reason({ name: "sda", hasRequests: false }), "driver");
  assert.equal(reason({ name: "nvme0n1", hasRequests: false, holders: ["md0"] }), "stacked");
});
