// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "two cards in an LACP bond, and on it VLAN 120 with the only address",
  right:
    "both cards keep name and address; problems say what a bridge of the host is not, and what it must carry",
  disks: ["disk.img"],
  check({ code, preview, problems }) {
    assert.equal(code, 0);
    assert.deepEqual(
      preview.intent.nics.map(({ name, mac }) => [name, mac]),
      [
        ["eno1", "52:54:00:00:00:01"],
        ["eno2", "52:54:00:00:00:02"],
      ],
    );
    const cards = ["eno1", "eno2"].map((name) => ({ kind: "nic", name, mac: null }));
    assert.deepEqual(
      problems("bond-no-partner").map(({ about, severity }) => [about, severity]),
      [[[{ kind: "nic", name: "bond0", mac: null }, ...cards], "warns"]],
    );
    const [vlan] = problems("vlan-tagged");
    assert.deepEqual(vlan?.about, [{ kind: "nic", name: "bond0.120", mac: null }, ...cards]);
    assert.match(`${vlan.text}`, /VLAN 120/);
  },
});
