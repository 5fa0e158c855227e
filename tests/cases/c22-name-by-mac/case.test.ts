// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "a card that is named by its address (enx...), which stands nowhere else",
  right: "the VM's card has that address",
  disks: ["disk.img"],
  check({ code, preview }) {
    assert.equal(code, 0);
    assert.deepEqual(preview.intent.nics, [
      { name: "enx525400000001", mac: "52:54:00:00:00:01", origin: "guest" },
    ]);
  },
});
