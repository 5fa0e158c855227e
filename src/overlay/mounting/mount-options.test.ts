// SPDX-License-Identifier: Apache-2.0
// Options of the guest's fstab that pass, and those that would harm this machine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { mountOptions } from "./mount-options.ts";

test("mountOptions() passes what selects files, and nothing that harms this machine", () => {
  const hostile =
    "defaults,suid,dev,subvol=@root,compress=zstd:3,errors=panic,subvol=a b,user_subvol_rm_allowed,loop,x-mount.mkdir";
  assert.deepEqual(mountOptions("btrfs", hostile, { readOnly: false }), [
    "rw",
    "noatime",
    "subvol=@root",
    "compress=zstd:3",
  ]);
  assert.deepEqual(mountOptions("ext4", hostile, { readOnly: true }), ["ro", "noatime", "errors=remount-ro"]);
  assert.deepEqual(mountOptions("vfat", "umask=0777,uid=5", { readOnly: false }), [
    "rw",
    "noatime",
    "umask=0022",
  ]);
  assert.deepEqual(mountOptions("xfs", "logdev=/dev/sda", { readOnly: false }), ["rw", "noatime", "nouuid"]);
});
