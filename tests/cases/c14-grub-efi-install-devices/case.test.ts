// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { namesIn } from "../../../src/core/index.ts";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "Ubuntu with UEFI, where debconf remembers the EFI system partition by the disk's id",
  right: "a note: the next update of shim would fail",
  disks: ["disk.img"],
  check({ code, problems }) {
    assert.equal(code, 0);
    assert.deepEqual(
      problems("grub-install-device").map((problem) => namesIn(problem, "package")),
      [["grub-efi-amd64"]],
    );
  },
});
