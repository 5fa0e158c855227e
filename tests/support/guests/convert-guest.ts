// SPDX-License-Identifier: Apache-2.0
// A guest in memory with scripted tools, for tests of conversion.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type {
  Blobs,
  Change,
  FileState,
  GuestOS,
  GuestView,
  Intent,
  Problem,
} from "../../../src/core/index.ts";
import { layeredView, type MemoryFile, memoryView } from "../../../src/system/index.ts";
import { openBlobs } from "../../../src/convert/apply/blobs.ts";
import { propose as proposeWith } from "../../../src/convert/propose/propose.ts";
import { type DriverExtras, NO_EXTRAS, type Proposal } from "../../../src/convert/index.ts";
import type { ConversionStep } from "../../../src/convert/steps/step.ts";
import type { GuestTools, InstallRequest } from "../../../src/convert/guest-tools/tools.ts";
import { findKernels } from "../../../src/inspect/index.ts";
import { temporary } from "../temporary.ts";
import { cpioOf } from "../cpio.ts";
import { MODULES, testIntent, testGuestOS, DEMO_FILES } from "./sample-guest.ts";

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
        await writeFile(path, gzipSync(cpioOf(await imageFiles(view, version, { drivers, omit }))));
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

export function propose(
  guest: FakeGuest & { readonly steps?: readonly ConversionStep[]; readonly known?: readonly Problem[] },
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
    problems: [],
    signal: new AbortController().signal,
    emit: () => undefined,
  });

export async function textAfter(changes: readonly Change[], path: string, blobs: Blobs): Promise<string> {
  const after = changes.find((change) => change.path === path)?.after;
  if (after?.kind !== "bytes")
    throw new Error(`No new content for ${path}: ${changes.map((one) => one.path).join(", ")}`);
  return Buffer.from(await blobs.get(after.sha256)).toString("utf8");
}
