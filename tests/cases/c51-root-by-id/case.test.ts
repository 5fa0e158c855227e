// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine:
    "root= and fstab name the disk by model and serial number, swap by its connector; no serial is known of an image",
  right:
    "the disk that holds the root is the one that root= names; the only swap is that swap; both become UUIDs",
  disks: ["disk.img"],
  check({ added, preview }) {
    assert.deepEqual(added("/etc/fstab"), [
      "UUID=11111111-aaaa-4bbb-8ccc-000000000001 / ext4 errors=remount-ro 0 1",
      "UUID=11111111-aaaa-4bbb-8ccc-000000000002 none swap sw 0 0",
    ]);
    assert.match(added("/boot/grub/grub.cfg").join("\n"), /root=UUID=11111111-aaaa-4bbb-8ccc-000000000001/);
    assert.deepEqual(
      preview.guest?.names.known.map(({ key, because }) => [key, because]),
      [
        ["link:ata-ST1000NM0011_Z1N0ABCD", "proven"],
        ["link:pci-0000:00:1f.2-ata-1", "fits"],
      ],
    );
  },
});
