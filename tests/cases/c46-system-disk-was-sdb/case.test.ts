// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "the system's disk was sdb, and alone is given",
  right: "the root was found on it, so sdb is this disk: all names become UUIDs",
  disks: ["system.img"],
  check({ code, added, problems }) {
    assert.equal(code, 0);
    assert.deepEqual(added("/etc/fstab"), [
      "UUID=11111111-aaaa-4bbb-8ccc-000000000001 / ext4 errors=remount-ro 0 1",
      "UUID=11111111-aaaa-4bbb-8ccc-000000000002 none swap sw 0 0",
    ]);
    assert.match(added("/boot/grub/grub.cfg").join("\n"), /root=UUID=11111111-aaaa-4bbb-8ccc-000000000001/);
    assert.deepEqual(problems("mount-not-found"), []);
  },
});
