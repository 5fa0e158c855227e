// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "/usr is on sda3, and only the kernel's command line names it: mount.usr=/dev/sda3",
  right: "/usr is read with the root, and the word gets a name that the VM has too",
  disks: ["disk.img"],
  check({ code, preview, added }) {
    assert.equal(code, 0);
    assert.equal(preview.guest?.mounts.find(({ path }) => path === "/usr")?.node, "disk:1/part:3/fs");
    assert.equal(preview.guest.arch, "x86_64");
    assert.match(
      added("/boot/grub/grub.cfg").join("\n"),
      /mount\.usr=UUID=11111111-aaaa-4bbb-8ccc-000000000004/,
    );
  },
});
