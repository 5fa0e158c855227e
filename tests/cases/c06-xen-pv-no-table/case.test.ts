// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "a paravirtual Xen guest: a file system from byte 0, no partition table, no boot code",
  right: "for KVM it stops before the copy: no firmware can start this disk, and it says the ways there are",
  disks: ["xvda.img"],
  args: ["--hypervisor", "qemu"],
  check({ code, preview }) {
    assert.equal(code, 6);
    assert.equal(preview.chain?.platform, "kvm");
    const [firmware] = preview.chain.links;
    assert.deepEqual([firmware?.place, firmware?.verdict], ["firmware", "broken"]);
    assert.match(String(firmware?.why), /no partition table and no boot code/);
    assert.match(String(firmware?.advice), /direct kernel boot/);
  },
});
