// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "CentOS 6, whose kernel 2.6.32 knows virtio of the old kind only",
  right:
    "the machine pc: on q35 libvirt gives disks and cards PCI Express ports, where it would not see them",
  disks: ["disk.img"],
  check({ code, preview }) {
    assert.equal(code, 0);
    const { machine, virtio, disks, nics } = preview.vm;
    assert.deepEqual({ machine, virtio }, { machine: "pc", virtio: undefined });
    assert.deepEqual([disks[0]?.bus, nics[0]?.model], ["virtio", "virtio"]);
  },
});
