// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "Debian 12, BIOS, one disk: the plain system that the others vary",
  right: "nothing but console and pins; the one warning is about the initramfs tool, which this system lacks",
  disks: ["disk.img"],
  check({ code, preview }) {
    assert.equal(code, 0);
    assert.deepEqual(preview.changes.map(({ path }) => path).toSorted(), [
      "/boot/grub/grub.cfg",
      "/etc/default/grub",
      "/etc/systemd/network/10-p2v-eno1.link",
      "/etc/udev/rules.d/70-p2v-net.rules",
    ]);
    assert.deepEqual(
      preview.problems.filter(({ severity }) => severity !== "notes").map(({ code: found }) => found),
      ["initramfs-not-built"],
    );
  },
});
