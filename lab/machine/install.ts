// SPDX-License-Identifier: Apache-2.0
// The installed system of a machine: unpacked onto its file systems, told its own configuration, with an initramfs.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { mount } from "../../src/system/index.ts";
import { plant } from "../demo/files.ts";
import { type Call, enter, type Inside, kernelsIn, temporaryDirectory, unpack } from "./build.ts";
import type { Mounted } from "./disk.ts";
import { commonFiles, INITRAMFS_TOOLS_FILES } from "./files.ts";

export interface Installed extends AsyncDisposable {
  readonly root: string;
  /** For files that do not belong to the machine. */
  readonly scratch: string;
  readonly inside: Inside;
  /** Oldest first, as `ls` sorts. */
  readonly kernels: readonly string[];
}

type Configuration = Call & {
  readonly systemTar: string;
  readonly mounts: readonly Mounted[];
  readonly hostname: string;
  /** Beside what all machines have, or in its place. */
  readonly files: Readonly<Record<string, string>>;
  /** Drivers for the initramfs besides those of SATA and ext4. */
  readonly drivers?: readonly string[];
};

/** root's password is `p2v`. An initramfs is made where the system has initramfs-tools. */
export async function installSystem(configuration: Configuration): Promise<Installed> {
  const { systemTar, mounts, hostname, files, drivers = [], signal } = configuration;
  await using scope = new AsyncDisposableStack();
  const { path: scratch } = scope.use(await temporaryDirectory());
  const root = join(scratch, "root");
  for (const { device, at, type, options = [] } of mounts.toSorted((a, b) => (a.at < b.at ? -1 : 1)))
    scope.use(await mount(device, join(root, at), { type, options, signal }));
  await unpack(systemTar, root, { signal });
  const ours = existsSync(join(root, "usr/sbin/mkinitramfs")) ? INITRAMFS_TOOLS_FILES : {};
  await plant(root, { ...commonFiles(hostname), ...ours, ...files });
  const { inside } = scope.use(await enter(root, { signal }));
  await inside(["chpasswd"], "root:p2v\n");
  if (ours === INITRAMFS_TOOLS_FILES) {
    const path = "/etc/initramfs-tools/modules";
    const listed = files[path] ?? INITRAMFS_TOOLS_FILES[path] ?? "";
    await plant(root, { [path]: [listed, ...drivers.map((driver) => `${driver}\n`)].join("") });
    await inside(["update-initramfs", "-u", "-k", "all"]);
  }
  const kernels = await kernelsIn(root);
  const owned = scope.move();
  return { root, scratch, inside, kernels, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
