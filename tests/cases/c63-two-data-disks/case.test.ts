// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

const disks = ["system.img", "data-3.img", "data-4.img"];

machineCase(import.meta, {
  machine: "two data disks alike, sdb and sdc, and nothing tells which is which",
  right: "both lines stay as they are, and the plan asks which disk was sdb",
  disks,
  check({ added, problems }) {
    assert.deepEqual(added("/etc/fstab"), []);
    const unclear = problems("name-unclear");
    assert.equal(unclear.length, 2);
    for (const { advice } of unclear) assert.match(String(advice), /--was \/dev\/sd[bc]1=DISK/);
  },
});

machineCase(import.meta, {
  machine: "the same, and the administrator says that sdc was the second of the given disks",
  right: "both lines get UUIDs: the third disk is left for sdb",
  disks,
  args: ["--was", "/dev/sdc=2"],
  check({ code, added, problems }) {
    assert.equal(code, 0);
    assert.deepEqual(added("/etc/fstab"), [
      "UUID=11111111-aaaa-4bbb-8ccc-000000000004 /srv/mail ext4 defaults 0 2",
      "UUID=11111111-aaaa-4bbb-8ccc-000000000003 /srv/web ext4 defaults 0 2",
    ]);
    assert.deepEqual(problems("name-unclear"), []);
  },
});
