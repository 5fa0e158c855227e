// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { missingInKernel } from "./kernel-needs.ts";

const KERNEL = { release: "5.10.0", loop: true, fuse: true, snapshots: true };

test("a disk takes loop devices and one of two overlays, an image takes FUSE", () => {
  assert.equal(missingInKernel(KERNEL, ["device", "file"]), null);
  assert.equal(missingInKernel({ ...KERNEL, snapshots: false }, ["device", "file"]), null);
  assert.equal(missingInKernel({ ...KERNEL, fuse: false }, ["device"]), null);
  assert.match(missingInKernel({ ...KERNEL, fuse: false }, ["device", "file"])?.what ?? "", /no FUSE/);
  const neither = missingInKernel({ ...KERNEL, fuse: false, snapshots: false }, ["device"]);
  assert.match(neither?.advice ?? "", /modprobe fuse or modprobe dm-snapshot/);
  assert.match(missingInKernel({ ...KERNEL, loop: false }, ["device"])?.what ?? "", /no loop devices/);
});
