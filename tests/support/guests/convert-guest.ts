// SPDX-License-Identifier: Apache-2.0
// A Debian guest in memory with scripted tools, for tests of this room.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type {
  Blobs,
  BlockGraph,
  Change,
  FileState,
  GuestOS,
  GuestView,
  Intent,
} from "../../../src/core/index.ts";
import { layeredView, type MemoryFile, memoryView } from "../../../src/system/index.ts";
import { openBlobs } from "../../../src/convert/apply/blobs.ts";
import { propose as proposeWith } from "../../../src/convert/propose/propose.ts";
import { type DriverExtras, NO_EXTRAS, type Proposal } from "../../../src/convert/index.ts";
import type { ConversionStep } from "../../../src/convert/steps/step.ts";
import type { GuestTools, InstallRequest } from "../../../src/convert/guest-tools/tools.ts";
import { findKernels } from "../../../src/inspect/index.ts";
import { temporary } from "../temporary.ts";

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
  [`/boot/initrd.img-${KERNEL}`]: { content: gzipSync(renderCpio({ init: "#!/bin/sh\n" })), mode: 0o600 },
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

export type FakeGuest = {
  readonly view: GuestView;
  readonly guest: GuestOS;
  readonly intent: Intent;
  readonly blobs: Blobs;
  readonly tools: GuestTools;
  readonly extras?: DriverExtras;
  readonly findKernels: (view: GuestView) => Promise<GuestOS["kernels"]>;
  /** What the scripted package tool was told, once for each time. */
  readonly installed: InstallRequest[];
  /** Kernels for which an initramfs was built. */
  readonly built: string[];
};

export type FakeOptions = {
  readonly files?: Readonly<Record<string, MemoryFile>>;
  readonly view?: GuestView;
  readonly guest?: GuestOS;
  readonly intent?: Intent;
  /** Modules that the scripted mkinitramfs forgets. */
  readonly omit?: readonly string[];
  readonly freeBytes?: number;
  /** Why the scripted mkinitramfs fails. */
  readonly broken?: string;
  readonly extras?: DriverExtras;
  /** Texts that the scripted package tool puts into the guest, whatever it is told. */
  readonly installs?: Readonly<Record<string, string>>;
};

export async function fakeGuest(t: TestContext, options: FakeOptions = {}): Promise<FakeGuest> {
  const directory = await temporary(t);
  const blobs = await openBlobs(join(directory, "blobs"));
  const view = options.view ?? memoryView(options.files ?? DEMO_FILES);
  const built: string[] = [];
  const installed: InstallRequest[] = [];
  const tools = scriptedTools(view, {
    directory,
    built,
    installed,
    installs: options.installs ?? {},
    omit: options.omit ?? [],
    freeBytes: options.freeBytes ?? 2 ** 30,
    broken: options.broken ?? null,
  });
  return {
    view,
    guest: options.guest ?? testGuestOS(),
    intent: options.intent ?? testIntent(),
    blobs,
    tools,
    ...(options.extras === undefined ? {} : { extras: options.extras }),
    findKernels,
    installed,
    built,
  };
}

/** Puts into each image what initramfs-tools would: drivers, root file system, pins and resume configuration. */
function scriptedTools(
  base: GuestView,
  {
    directory,
    built,
    installed,
    installs,
    omit,
    freeBytes,
    broken,
  }: {
    directory: string;
    built: string[];
    installed: InstallRequest[];
    installs: Readonly<Record<string, string>>;
    omit: readonly string[];
    freeBytes: number;
    broken: string | null;
  },
): GuestTools {
  return {
    freeSpace: (path) =>
      Promise.resolve({ mount: path.startsWith("/boot/") ? "/boot" : "/", bytes: freeBytes, inodes: 1000 }),
    async installPackages(request) {
      installed.push(request);
      const view = layeredView(base, request.blobs, request.changes);
      const changes: { path: string; before: FileState; after: FileState }[] = [];
      for (const [path, text] of Object.entries(installs)) {
        const bytes = Buffer.from(text);
        const before = await view.state(path);
        const sha256 = await request.blobs.put(bytes);
        if (before.kind === "bytes") await request.blobs.put((await view.read(path)) ?? bytes);
        const after = { kind: "bytes", mode: 0o644, uid: 0, gid: 0, xattrs: {}, sha256 } as const;
        changes.push({ path, before, after: { ...after, sizeBytes: bytes.length } });
      }
      return { kind: "installed", changes };
    },
    async buildInitramfs({ kernels, changes, blobs }, use) {
      if (broken !== null) {
        for (const { version } of kernels) await use(version, { kind: "failed", why: broken });
        return;
      }
      const view = layeredView(base, blobs, changes);
      for (const { version, drivers } of kernels) {
        const path = join(directory, `initrd-${version}`);
        await writeFile(path, gzipSync(renderCpio(await imageFiles(view, version, { drivers, omit }))));
        built.push(version);
        await use(version, { kind: "built", path, notes: [] });
      }
    },
  };
}

async function imageFiles(
  view: GuestView,
  kernel: string,
  { drivers, omit }: { drivers: readonly string[]; omit: readonly string[] },
): Promise<Record<string, string>> {
  const files: Record<string, string> = { init: "#!/bin/sh\n", "usr/lib/systemd/systemd-udevd": "ELF" };
  for (const name of ["virtio", "ext4", "xfs", ...MODULES, ...drivers])
    if (!omit.includes(name)) files[`usr/lib/modules/${kernel}/kernel/drivers/${name}.ko`] = "ELF";
  for (const [from, to] of [
    ["/etc/systemd/network", "usr/lib/systemd/network"],
    ["/etc/udev/rules.d", "usr/lib/udev/rules.d"],
    ["/etc/initramfs-tools/conf.d", "conf/conf.d"],
  ] as const)
    for (const name of await view.list(from))
      files[`${to}/${name}`] = (await view.readText(`${from}/${name}`, { maxBytes: 2 ** 24 })) ?? "";
  return files;
}

/** A newc archive of plain files. */
export function renderCpio(files: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  const pad = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4);
  for (const [name, content] of [...Object.entries(files), ["TRAILER!!!", ""] as const]) {
    const [nameBytes, data] = [Buffer.from(`${name}\0`), Buffer.from(content)];
    const fields = [
      0,
      name === "TRAILER!!!" ? 0 : 0o100644,
      0,
      0,
      1,
      0,
      data.length,
      0,
      0,
      0,
      0,
      nameBytes.length,
      0,
    ];
    const header = Buffer.from(`070701${fields.map((one) => one.toString(16).padStart(8, "0")).join("")}`);
    parts.push(header, nameBytes, pad(header.length + nameBytes.length), data, pad(data.length));
  }
  return Buffer.concat(parts);
}

/** `steps`: default all. */
export function propose(
  guest: FakeGuest & { readonly steps?: readonly ConversionStep[] },
): Promise<Proposal & { readonly guest: GuestOS }> {
  return proposeWith({
    ...guest,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
}

/** What one step alone proposes, after `changes`. */
export const proposeStep = (
  step: ConversionStep,
  guest: FakeGuest,
  changes: readonly Change[] = [],
): Promise<Proposal> =>
  step.propose({
    extras: NO_EXTRAS,
    ...guest,
    changes,
    signal: new AbortController().signal,
    emit: () => undefined,
  });

export async function textAfter(changes: readonly Change[], path: string, blobs: Blobs): Promise<string> {
  const after = changes.find((change) => change.path === path)?.after;
  if (after?.kind !== "bytes")
    throw new Error(`No new content for ${path}: ${changes.map((one) => one.path).join(", ")}`);
  return Buffer.from(await blobs.get(after.sha256)).toString("utf8");
}
