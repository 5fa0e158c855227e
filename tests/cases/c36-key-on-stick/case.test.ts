// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { namesIn } from "../../../src/core/index.ts";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "crypttab opens a data volume with /keys/web:LABEL=KEYSTICK, a key file on a USB stick",
  right: "a problem that names the volume and the stick: the VM waits for it at boot",
  disks: ["sda.img", "sdb.img"],
  check({ problems }) {
    assert.deepEqual(
      problems("key-not-given").flatMap((problem) => namesIn(problem, "device")),
      ["/dev/mapper/data", "LABEL=KEYSTICK"],
    );
  },
});
