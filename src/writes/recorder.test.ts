// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { instanceSettings, recordingName } from "./recorder.ts";
import type { Traceable } from "./traceable.ts";

const disk: Traceable = {
  number: 1,
  path: "/dev/sda",
  device: "8:0",
  devices: ["8:0", "8:1"],
  sizeBytes: 2 ** 30,
  sysfs: "/sys/x",
  hasRequests: true,
  onlyAsks: false,
};
const filters = (disks: readonly Traceable[]): readonly string[] =>
  instanceSettings(disks)
    .slice(0, 2)
    .map(({ value }) => value);

test("requests of the disks that are no reads are recorded, and discards before they are merged", () => {
  const other: Traceable = { ...disk, number: 2, device: "259:3", devices: ["259:3"] };
  assert.deepEqual(filters([disk, other]), [
    '(dev == 8388608 || dev == 271581187) && !(rwbs ~ "R*")',
    'rwbs ~ "*D*"',
  ]);
  assert.equal(recordingName([disk, other]), "virt-p2v-8-0_259-3");
});

test("where one driver has no requests, the bios are recorded", () => {
  assert.equal(filters([disk, { ...disk, number: 2, hasRequests: false }])[1], '!(rwbs ~ "R*")');
});
