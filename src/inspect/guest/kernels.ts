// SPDX-License-Identifier: Apache-2.0
// The guest's kernels: images, initramfs, drivers, and whether a boot menu offers them.
import { type DriverPlace, type GuestView, type Kernel, VM_DRIVERS } from "../../core/index.ts";
import type { BootMenu } from "./loader.ts";

const MAX_KERNELS = 64;
const INDEX_BYTES = 32 * 2 ** 20;

export async function readKernels(view: GuestView, menu: BootMenu): Promise<readonly Kernel[]> {
  const names = (await view.list("/boot")).filter((name) => /^(vmlinuz|vmlinux|bzImage|kernel)-./.test(name));
  const kernels: Kernel[] = [];
  for (const name of names.slice(0, MAX_KERNELS)) {
    const version = name.slice(name.indexOf("-") + 1);
    if (/rescue|kdump|\.old$|\.bak$/.test(version)) continue;
    kernels.push({
      version,
      image: `/boot/${name}`,
      initramfs: await findInitramfs(view, version),
      bootable: menu.kernels.some((path) => path.split("/").at(-1) === name),
      has: await readDrivers(view, version),
    });
  }
  return kernels;
}

/** Debian, dracut, SUSE, Arch; in the order of how common they are. */
async function findInitramfs(view: GuestView, version: string): Promise<string | null> {
  for (const name of [
    `initrd.img-${version}`,
    `initramfs-${version}.img`,
    `initrd-${version}`,
    `initrd-${version}.img`,
    `initramfs-${version}`,
  ])
    if ((await view.resolve(`/boot/${name}`)) !== null) return `/boot/${name}`;
  return null;
}

/** Where each driver of ours is, as far as modules.builtin and modules.dep tell. */
async function readDrivers(view: GuestView, version: string): Promise<Readonly<Record<string, DriverPlace>>> {
  const directory = `/lib/modules/${version}`;
  const read = async (file: string): Promise<ReadonlySet<string>> =>
    moduleNames(
      (await view.readText(`${directory}/${file}`, { maxBytes: INDEX_BYTES }).catch(() => null)) ?? "",
    );
  const [builtin, modules] = [await read("modules.builtin"), await read("modules.dep")];
  return Object.fromEntries(
    VM_DRIVERS.map((driver): [string, DriverPlace] => {
      const name = driver.replaceAll("-", "_");
      return [driver, builtin.has(name) ? "builtin" : modules.has(name) ? "module" : "absent"];
    }),
  );
}

/** Names at the start of each line of modules.dep or modules.builtin, with `_` for `-` as the kernel has it. */
export function moduleNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of text.split("\n")) {
    const match = /([^/\s:]+)\.ko(?:\.(?:gz|xz|zst))?(?::|$)/.exec(line.trim());
    if (match !== null) names.add((match[1] ?? "").replaceAll("-", "_"));
  }
  return names;
}
