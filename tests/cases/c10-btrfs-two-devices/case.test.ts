// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "btrfs as RAID 1 over two disks, which rootflags= and fstab name by /dev/sda1 and /dev/sdb1",
  right:
    "it is mounted from both disks and converted; the options go, since a btrfs finds its devices by UUID",
  disks: ["sda.img", "sdb.img"],
  check({ code, preview, added, removed, problems }) {
    assert.equal(code, 0);
    assert.equal(preview.guest?.id, "debian");
    const uuid = "11111111-aaaa-4bbb-8ccc-000000000001";
    assert.deepEqual(added("/etc/fstab"), [`UUID=${uuid} / btrfs defaults 0 0`]);
    assert.match(
      removed("/boot/grub/grub.cfg").join("\n"),
      /rootflags=device=\/dev\/sda1,device=\/dev\/sdb1/,
    );
    assert.match(added("/boot/grub/grub.cfg").join("\n"), new RegExp(`root=UUID=${uuid} ro quiet`));
    assert.deepEqual(problems("several-systems"), [], "its devices are one file system");
    assert.deepEqual(problems("root-unclear"), []);
  },
});
