// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "GRUB 2 with set root='hd1,msdos1' and no search line; the disk counted first stayed behind",
  right: "the kernel is found on the root's partition, so a search for its UUID decides",
  disks: ["system.img"],
  check({ added, problems }) {
    const lines = added("/boot/grub/grub.cfg").map((line) => line.trim());
    assert.ok(lines.includes("search --no-floppy --fs-uuid --set=root 11111111-aaaa-4bbb-8ccc-000000000001"));
    assert.deepEqual(problems("grub-other-disk"), []);
  },
});
