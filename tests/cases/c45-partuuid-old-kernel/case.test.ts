// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "a kernel 3.2 without an initramfs, on an MBR disk: root=/dev/sda1",
  right: "the name that the VM's disk has: kernels know PARTUUID= of an MBR since 3.8 only",
  disks: ["disk.img"],
  check({ added }) {
    assert.match(added("/boot/grub/menu.lst").join("\n"), /vmlinuz-3\.2\.29 root=\/dev\/vda1 ro/);
  },
});
