// SPDX-License-Identifier: Apache-2.0
// VM models for tests of definitions and of the boot check.
import type { VmModel } from "../../src/core/index.ts";

export const SAMPLE_VM: VmModel = {
  name: "aurora",
  uuid: "3f0c8a52-1d6b-8e57-9a43-6b1f8c2d7e90",
  memoryBytes: 2 * 2 ** 30,
  vcpus: 2,
  arch: "x86_64",
  cpuLevel: 1,
  firmware: { kind: "bios" },
  machine: "q35",
  clock: "utc",
  osinfo: "http://debian.org/debian/12",
  disks: [
    {
      file: "aurora-1.img",
      format: "raw",
      sizeBytes: 6 * 2 ** 30,
      bus: "virtio",
      boot: true,
      sectorBytes: 512,
    },
  ],
  nics: [{ name: "enp3s0", mac: "52:54:00:12:34:56", model: "virtio" }],
  xen: { type: "pv", loader: "pvgrub" },
};

/** One for each corner of the writers. */
export const SAMPLE_VMS: Readonly<Record<string, VmModel>> = {
  "bios-one-disk": SAMPLE_VM,
  "uefi-secure-two-disks": {
    ...SAMPLE_VM,
    name: "borealis",
    firmware: { kind: "uefi", secureBoot: true },
    clock: "local",
    osinfo: null,
    disks: [
      {
        file: "borealis-1.qcow2",
        format: "qcow2",
        sizeBytes: 2 ** 40,
        bus: "virtio",
        boot: false,
        sectorBytes: 4096,
      },
      {
        file: "borealis-2.qcow2",
        format: "qcow2",
        sizeBytes: 2 ** 30,
        bus: "virtio",
        boot: true,
        sectorBytes: 512,
      },
    ],
    nics: [
      { name: "eno1", mac: "52:54:00:00:00:01", model: "virtio" },
      { name: "eno2", mac: "52:54:00:00:00:02", model: "e1000" },
    ],
    xen: { type: "pvh", loader: "pygrub" },
  },
  "uefi-plain-sata": {
    ...SAMPLE_VM,
    guestAgent: true,
    name: "cumulus",
    firmware: { kind: "uefi", secureBoot: false },
    disks: SAMPLE_VM.disks.map((disk) => ({ ...disk, file: "cumulus-1.img", bus: "sata" as const })),
    nics: [],
    xen: { type: "pvh", loader: "pvgrub" },
  },
  "uefi-virtio-of-the-old-kind": {
    ...SAMPLE_VM,
    name: "dune",
    firmware: { kind: "uefi", secureBoot: false },
    virtio: "transitional",
    disks: SAMPLE_VM.disks.map((disk) => ({ ...disk, file: "dune-1.img" })),
  },
  "old-machine-odd-name": {
    ...SAMPLE_VM,
    name: `it's "old", 1`,
    arch: "i686",
    machine: "pc",
    osinfo: null,
    disks: [
      { ...SAMPLE_VM.disks[0]!, file: `it's "old", 1-1.img`, bus: "ide" as const },
      { ...SAMPLE_VM.disks[0]!, file: `it's "old", 1-2.img`, bus: "ide" as const, boot: false },
    ],
    nics: [{ name: "eth0", mac: "52:54:00:12:34:56", model: "e1000" }],
    xen: { type: "hvm", loader: "firmware" },
  },
};
