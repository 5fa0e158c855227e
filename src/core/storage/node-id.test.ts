// SPDX-License-Identifier: Apache-2.0
// What is made of ids is read back from them; names that begin alike are not taken for each other.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arrayId,
  contentId,
  deviceId,
  diskId,
  diskNumberOf,
  isWithin,
  partitionId,
  volumeId,
  withinRenamed,
} from "./node-id.ts";

test("diskNumberOf() knows what lies on a source disk by its id, and volumes on none", () => {
  const partition = partitionId(diskId(12), 3);
  const luks = contentId(partition, { kind: "luks", uuid: "" });
  assert.deepEqual([diskId(12), partition, luks].map(diskNumberOf), [12, 12, 12]);
  const others = [volumeId("vg0/root"), arrayId("md0"), diskId("sda"), deviceId("part", "sda1"), "disk:1x"];
  assert.deepEqual(others.map(diskNumberOf), [null, null, null, null, null]);
});

test("isWithin() does not take disk 12 for disk 1, nor vg0/root2 for vg0/root", () => {
  assert.equal(isWithin(partitionId(diskId(1), 2), diskId(1)), true);
  assert.equal(isWithin(diskId(1), diskId(1)), true);
  assert.equal(isWithin(diskId(12), diskId(1)), false);
  assert.equal(isWithin(volumeId("vg0/root2"), volumeId("vg0/root")), false);
});

test("withinRenamed() keeps what is behind the name", () => {
  const fs = contentId(deviceId("part", "sda2"), { kind: "filesystem", type: "ext4", uuid: "", label: null });
  assert.equal(withinRenamed(fs, "part:sda2", partitionId(diskId(1), 2)), "disk:1/part:2/fs");
  assert.throws(() => withinRenamed(diskId(12), diskId(1), diskId(2)), RangeError);
});
