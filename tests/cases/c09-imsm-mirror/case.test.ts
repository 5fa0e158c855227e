// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "two disks of an Intel firmware mirror (imsm); the kernel and fstab name /dev/md126p1",
  right: "the RAID is named, one disk is enough, names become UUIDs, and it is one system",
  disks: ["sda.img", "sdb.img"],
  check({ code, preview, added, problems }) {
    assert.equal(code, 0);
    assert.deepEqual(preview.vm.disks.length, 1);
    assert.match(String(problems("firmware-raid-plain")[0]?.text), /Intel RAID volume of 2 disks/);
    assert.match(
      String(problems("mirror-left-out")[0]?.text),
      /sdb\.img is not sent.* sda\.img|sdb\.img is not sent/,
    );
    assert.deepEqual(added("/etc/fstab"), [
      "UUID=11111111-aaaa-4bbb-8ccc-000000000001 / ext4 errors=remount-ro 0 1",
      "UUID=11111111-aaaa-4bbb-8ccc-000000000002 none swap sw 0 0",
    ]);
    assert.match(added("/boot/grub/grub.cfg").join("\n"), /root=UUID=11111111-aaaa-4bbb-8ccc-000000000001/);
    for (const code of ["several-systems", "system-twice", "mount-not-found", "fstab-no-uuid"] as const)
      assert.deepEqual(problems(code), [], code);
  },
});
