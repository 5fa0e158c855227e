// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine:
    "root and /usr are volumes of LVM over three disks, each in pieces, and the directories are merged",
  right: "the root is recognized and /usr is read with it; names of LVM stay as they are",
  disks: ["sda.img", "sdb.img", "sdc.img"],
  check({ code, preview, added }) {
    assert.equal(code, 0);
    assert.equal(preview.guest?.root, "lv:sys/root/fs");
    assert.equal(preview.guest.arch, "x86_64");
    assert.equal(preview.guest.mounts.find(({ path }) => path === "/usr")?.node, "lv:sys/usr/fs");
    assert.deepEqual(added("/etc/fstab"), []);
  },
});
