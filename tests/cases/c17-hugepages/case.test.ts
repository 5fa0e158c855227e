// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "a database server of 128 GiB that sets most of it aside as huge pages; the VM has 2 GiB",
  right: "a warning with the figures and both places",
  disks: ["disk.img"],
  check({ code, problems }) {
    assert.equal(code, 0);
    const [problem, ...more] = problems("memory-reserved");
    assert.ok(problem !== undefined && more.length === 0);
    assert.deepEqual(
      problem.about.map((subject) => (subject.kind === "file" ? subject.path : "")),
      ["/boot/grub/grub.cfg", "/etc/sysctl.d/97-oracle.conf"],
    );
  },
});
