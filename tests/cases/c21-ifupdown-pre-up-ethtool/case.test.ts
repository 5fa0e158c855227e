// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "ifupdown sets ring buffers and speed of the old card before the interface comes up",
  right: "a problem: on a VM's card these commands may fail, and ifup then leaves the interface down",
  disks: ["disk.img"],
  check({ problems }) {
    const [command, ...more] = problems("nic-command");
    assert.deepEqual(more, []);
    assert.equal(command?.severity, "warns");
    assert.deepEqual(command.about, [
      { kind: "nic", name: "eno1", mac: null },
      { kind: "file", of: "guest", path: "/etc/network/interfaces" },
    ]);
    assert.match(`${command.text}`, /pre-up ethtool -G \$IFACE rx 4096 tx 4096" and 1 more/);
  },
});
