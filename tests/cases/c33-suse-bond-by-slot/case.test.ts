// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "SLES 11: a bond whose two cards are named by their slots, and udev knows their addresses",
  right: "the bond's ports by name: two cards are free, two are asked for",
  disks: ["disk.img"],
  check({ preview, added, removed, problems }) {
    assert.deepEqual(
      preview.guest?.network.map(({ name, mac, configured }) => [name, mac, configured]),
      [
        ["eth0", "52:54:00:00:00:01", { kind: "port", of: "bond0" }],
        ["eth1", "52:54:00:00:00:02", { kind: "port", of: "bond0" }],
      ],
    );
    assert.deepEqual(added("/etc/sysconfig/network/ifcfg-bond0"), [
      "BONDING_SLAVE_0='eth0'",
      "BONDING_SLAVE_1='eth1'",
    ]);
    assert.equal(removed("/etc/sysconfig/network/ifcfg-bond0").length, 2);
    assert.deepEqual(problems("nic-not-in-vm"), []);
  },
});
