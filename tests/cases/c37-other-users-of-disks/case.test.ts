// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "rc.local, autofs, DRBD, raw devices, an ASM rule and an LIO target name /dev/sdb1 or its SCSI id",
  right: "one warning, with each file and line",
  disks: ["sda.img", "sdb.img"],
  check({ code, problems }) {
    assert.equal(code, 0);
    const [problem, ...more] = problems("names-old-hardware");
    assert.ok(problem !== undefined && more.length === 0);
    assert.deepEqual(
      problem.about.flatMap((one) => (one.kind === "line" ? [`${one.path}:${one.line} ${one.name}`] : [])),
      [
        "/etc/auto.disks:1 /dev/sdb1",
        "/etc/drbd.d/r0.res:3 /dev/sdb1",
        "/etc/rc.local:2 /dev/sdb1",
        "/etc/rtslib-fb-target/saveconfig.json:1 /dev/sdb1",
        "/etc/sysconfig/rawdevices:1 /dev/sdb1",
        "/etc/udev/rules.d/99-oracle-asm.rules:1 36000c29aabbccddeeff00112233445566",
      ],
    );
  },
});
