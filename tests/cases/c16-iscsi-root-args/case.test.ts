// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine:
    "Rocky Linux 8, booted over iSCSI by its card's firmware (iBFT); its LUN is the disk that is given",
  right:
    "the words that log in to the SAN go, and a problem names them and the card's address: the VM has no iBFT",
  disks: ["disk.img"],
  check({ added, problems }) {
    const [menu = ""] = added("/boot/grub2/grub.cfg");
    assert.match(menu, /root=UUID=11111111-aaaa-4bbb-8ccc-000000000001 ro console=/);
    assert.equal(problems("boot-from-san").length, 1);
    assert.deepEqual(
      problems("nic-no-firmware").map(({ about }) => about),
      [
        [
          { kind: "nic", name: "eno1", mac: "52:54:00:00:00:01" },
          { kind: "file", of: "guest", path: "/etc/sysconfig/network-scripts/ifcfg-eno1" },
        ],
      ],
    );
  },
});
