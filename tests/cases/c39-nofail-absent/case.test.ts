// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mountsIn } from "../../../src/core/index.ts";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "fstab mounts a data disk with nofail, by name and by UUID, and that disk is not given",
  right: "a warning for each: the VM starts, and services write into the root",
  disks: ["sda.img"],
  check({ problems }) {
    assert.deepEqual(
      problems("mount-left-behind").flatMap((problem) => mountsIn(problem).map(({ path }) => path)),
      ["/srv/data", "/srv/more"],
    );
  },
});
