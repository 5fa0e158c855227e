// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "XFS on sdb1 with its log on sdb2, which fstab names as logdev=/dev/sdb2",
  right: "it is checked with its log, and the log gets a name that the VM has too",
  disks: ["sda.img", "sdb.img"],
  check({ code, preview, added, problems }) {
    assert.equal(code, 0);
    assert.equal(preview.guest?.mounts.find(({ path }) => path === "/srv/data")?.node, "disk:2/part:1/fs");
    assert.deepEqual(added("/etc/fstab"), [
      "UUID=11111111-aaaa-4bbb-8ccc-000000000003 /srv/data xfs noatime,logdev=/dev/disk/by-partuuid/5e6f7a8b-02 0 2",
    ]);
    assert.deepEqual(problems("mount-skipped"), []);
    assert.deepEqual(problems("filesystem-incomplete"), []);
  },
});
