// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "NixOS: fstab is a link into the store, and names /dev/sda1",
  right: "no edit in the store; it stops, and names the lines of hardware-configuration.nix that must change",
  disks: ["disk.img"],
  check({ preview, problems }) {
    assert.ok(preview.changes.every(({ path }) => !path.startsWith("/nix/")));
    const [problem] = problems("declared-system");
    assert.equal(problem?.severity, "stops");
    const path = "/etc/nixos/hardware-configuration.nix";
    assert.deepEqual(
      problem.about.filter(({ kind }) => kind === "line"),
      [
        { kind: "line", path, line: 4, name: "/dev/sda1" },
        { kind: "line", path, line: 5, name: "/dev/sda2" },
      ],
    );
  },
});
