// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "SLES 15 whose grub_installdevice names a disk by its id",
  right: "a note: the next update of grub2 would fail; the file stays as it is",
  disks: ["disk.img"],
  check({ code, problems, preview }) {
    assert.equal(code, 0);
    assert.equal(problems("grub-install-device").length, 1);
    assert.ok(preview.changes.every(({ path }) => path !== "/etc/default/grub_installdevice"));
  },
});
