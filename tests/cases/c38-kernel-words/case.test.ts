// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { namesIn } from "../../../src/core/index.ts";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine:
    "mount.usr=, rd.luks.key=, cryptkey= and rootflags=journal_path= name partitions that are not given",
  right: "a problem for each, with the file: the boot waits for them",
  disks: ["disk.img"],
  check({ problems }) {
    assert.deepEqual(
      problems("word-not-given").flatMap((problem) => namesIn(problem, "device")),
      ["/dev/sda3", "/dev/sdb1", "/dev/sdb1", "/dev/sda4"],
    );
  },
});
