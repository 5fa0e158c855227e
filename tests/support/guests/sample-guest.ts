// SPDX-License-Identifier: Apache-2.0
// A Debian guest as values: its disk, its files, what is known of it, and what is wanted of its VM.
import { gzipSync } from "node:zlib";
import type { BlockGraph, GuestOS, Intent } from "../../../src/core/index.ts";
import type { MemoryFile } from "../../../src/system/index.ts";
import { cpioOf } from "../cpio.ts";

export const ROOT_UUID = "3f1c2a4e-0000-4000-8000-000000000001";
export const SWAP_UUID = "3f1c2a4e-0000-4000-8000-000000000002";
export const KERNEL = "6.1.0-18-amd64";
export const MODULES = [
  "virtio_pci",
  "virtio_blk",
  "virtio_scsi",
  "virtio_net",
  "xen-blkfront",
  "xen-netfront",
];

/** An MBR disk with a root file system on partition 1 and swap on partition 2. */
export function diskGraph({ type = "ext4" }: { type?: string } = {}): BlockGraph {
  const node = { path: "disk.img", sizeBytes: 2 ** 30, sectorBytes: 512 };
  const part = (number: number): BlockGraph["nodes"][number] => ({
    ...node,
    id: `disk:1/part:${number}`,
    holds: { kind: "partition", number, type: "83", uuid: `1234abcd-0${number}`, bootable: number === 1 },
  });
  const [fs, swap] = ["disk:1/part:1/filesystem", "disk:1/part:2/swap"];
  return {
    nodes: [
      { ...node, id: "disk:1", holds: { kind: "disk", serial: "WD-WCC4E1234567", model: "", table: "mbr" } },
      part(1),
      part(2),
      { ...node, id: fs, holds: { kind: "filesystem", type, uuid: ROOT_UUID, label: null } },
      { ...node, id: swap, holds: { kind: "swap", uuid: SWAP_UUID, label: null, hibernated: false } },
    ],
    edges: [
      { from: "disk:1/part:1", to: "disk:1", map: null },
      { from: "disk:1/part:2", to: "disk:1", map: null },
      { from: fs, to: "disk:1/part:1", map: null },
      { from: swap, to: "disk:1/part:2", map: null },
    ],
  };
}

export function testIntent({ storage = diskGraph() }: { storage?: BlockGraph } = {}): Intent {
  return {
    name: "test",
    disks: [{ number: 1, path: "disk.img", kind: "file", sizeBytes: 2 ** 30, sectorBytes: 512 }],
    storage,
    destination: { kind: "dir", path: "/vms" },
    hypervisor: "auto",
    format: "raw",
    volumes: [],
    memoryBytes: 2 ** 30,
    vcpus: 1,
    nics: [{ name: "enp3s0", mac: "52:54:00:12:34:56", origin: "guest" }],
    firmware: { kind: "bios" },
    clock: "utc",
    proof: "used",
    bootCheck: true,
    replace: false,
    update: false,
    asIs: false,
    skipSteps: [],
  };
}

export function testGuestOS(more: Partial<GuestOS> = {}): GuestOS {
  return {
    family: "debian",
    id: "debian",
    version: "12",
    title: "Debian GNU/Linux 12 (bookworm)",
    hostname: "web",
    arch: "x86_64",
    root: "disk:1/part:1/filesystem",
    mounts: [],
    names: { known: [{ key: "order:sd:0", disk: "disk:1", because: "proven" }], unclear: [] },
    loader: "grub2",
    initramfsTool: "initramfs-tools",
    init: "systemd",
    kernels: [
      {
        version: KERNEL,
        image: `/boot/vmlinuz-${KERNEL}`,
        initramfs: `/boot/initrd.img-${KERNEL}`,
        bootable: true,
        has: {},
      },
    ],
    network: [],
    usedBytes: 10 ** 9,
    ...more,
  };
}

const depLines = (): string =>
  `kernel/fs/ext4/ext4.ko:\nkernel/fs/xfs/xfs.ko:\n${MODULES.map((name) => `kernel/drivers/${name}.ko: kernel/drivers/virtio.ko\n`).join("")}kernel/drivers/virtio.ko:\n`;

export const SYSTEM_FILES: Readonly<Record<string, MemoryFile>> = {
  [`/boot/vmlinuz-${KERNEL}`]: "kernel",
  [`/boot/initrd.img-${KERNEL}`]: { content: gzipSync(cpioOf({ init: "#!/bin/sh\n" })), mode: 0o600 },
  [`/lib/modules/${KERNEL}/modules.dep`]: depLines(),
  [`/lib/modules/${KERNEL}/modules.builtin`]: "kernel/fs/nls.ko\n",
  "/usr/share/initramfs-tools/hooks/udev":
    "cp /etc/systemd/network/*.link; for rules in /etc/udev/rules.d/*.rules; do",
  "/etc/initramfs-tools/initramfs.conf": "MODULES=dep\n",
  "/etc/initramfs-tools/modules": "# List of modules\n",
};

export const DEMO_FILES: Readonly<Record<string, MemoryFile>> = {
  ...SYSTEM_FILES,
  "/etc/fstab":
    "# / was on /dev/sda1\n/dev/sda1 /  ext4 errors=remount-ro 0 1\n/dev/sda2\tnone swap sw 0 0\n/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n",
  "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/sda2\n",
  "/etc/default/grub": 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX=""\nGRUB_DISABLE_LINUX_UUID=true\n',
  "/boot/grub/grub.cfg": `menuentry 'Debian' {\n\tlinux /boot/vmlinuz-${KERNEL} root=/dev/sda1 ro quiet\n\tinitrd /boot/initrd.img-${KERNEL}\n}\n`,
  "/boot/grub/device.map": "(hd0)\t/dev/disk/by-id/ata-WDC_WD40EFRX-68N32N0_WD-WCC4E1234567\n",
};
