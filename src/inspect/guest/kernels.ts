// SPDX-License-Identifier: Apache-2.0
// The guest's kernels: images, initramfs, drivers, and whether a boot menu offers them.
import {
  type DriverPlace,
  type GuestView,
  type Kernel,
  kernelRelease,
  VM_DRIVERS,
} from "../../core/index.ts";
import { initramfsNames } from "./families.ts";
import { type BootMenu, resolveMenuPath } from "./loader.ts";
import { type XenAbilities, xenAbilities } from "./xen-kernels.ts";

const MAX_KERNELS = 64;
const MAX_RESOLVED = 200;
const INDEX_BYTES = 32 * 2 ** 20;
const IMAGE_BYTES = 64 * 2 ** 20;
const MODULES = "/lib/modules";

const IMAGE_NAME = /^(vmlinuz|vmlinux|bzImage|kernel|image)-(.{1,200})$/i;
/** A rescue or crash kernel is not what a person means the machine to run; copies and signatures are no kernels. */
const NOT_A_KERNEL = /rescue|kdump|crash|\.(?:old|bak|orig|sig|efi\.signed|hmac|gz|rpmsave|dpkg-\w+)$/i;

/** Newest first. */
export async function readKernels(
  view: GuestView,
  { menu, family }: { readonly menu: BootMenu; readonly family: string },
): Promise<readonly Kernel[]> {
  const offered = await resolveMenu(view, menu);
  const directories = await listOr(view, MODULES);
  const kernels: Kernel[] = [];
  for (const { image, suffix } of await findImages(view, { offered: offered.paths, directories })) {
    const version = await versionOf(view, { image, suffix, directories });
    kernels.push({
      version,
      image,
      initramfs: await findInitramfs(view, { image, family, names: [version, suffix] }),
      bootable: offered.any ? offered.has(image) : true,
      ...(await readAbilities(view, version)),
    });
    if (kernels.length >= MAX_KERNELS) break;
  }
  return kernels.toSorted((a, b) => ORDER.compare(b.version, a.version));
}

/** 5.15.0-101 is newer than 5.15.0-97. */
const ORDER = new Intl.Collator("en", { numeric: true });

async function listOr(view: GuestView, path: string): Promise<readonly string[]> {
  try {
    return (await view.list(path)).slice(0, 1000);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

const baseName = (path: string): string => path.split("/").at(-1) ?? "";

type Offered = { readonly any: boolean; readonly paths: readonly string[]; has(image: string): boolean };

/**
 * A menu names a kernel by a path that may begin at /boot, at a btrfs subvolume or with a link: the file it resolves to
 * counts, and so does the mere name. Where no menu could be read to its end, each kernel may be one.
 */
async function resolveMenu(view: GuestView, { kernels, isWhole }: BootMenu): Promise<Offered> {
  const paths: string[] = [];
  for (const path of kernels.slice(0, MAX_RESOLVED)) {
    const found = await resolveMenuPath(view, path);
    if (found !== null) paths.push(found);
  }
  const names = new Set(kernels.map(baseName));
  const files = new Set(paths);
  const any = isWhole && kernels.length > 0 && kernels.length <= MAX_RESOLVED;
  return { any, paths, has: (image) => files.has(image) || names.has(baseName(image)) };
}

type Image = { readonly image: string; readonly suffix: string };

/** In /boot; on an ESP as /MACHINE-ID/VERSION/linux; where both lack it, beside the modules. */
async function findImages(
  view: GuestView,
  { offered, directories }: { readonly offered: readonly string[]; readonly directories: readonly string[] },
): Promise<readonly Image[]> {
  const found = new Map<string, Image>();
  const names = await listOr(view, "/boot");
  for (const name of names) {
    const [, kind = "", suffix = ""] = IMAGE_NAME.exec(name) ?? [];
    if (suffix === "" || NOT_A_KERNEL.test(name)) continue;
    if (kind === "vmlinux" && names.includes(`vmlinuz-${suffix}`)) continue; // SUSE keeps it for debuggers
    const image = await view.resolve(`/boot/${name}`);
    if (image === null || !isRegularName(image, name)) continue;
    found.set(suffix, { image: `/boot/${name}`, suffix });
  }
  for (const image of offered) {
    const version = /^(?:\/boot\/efi|\/efi|\/boot)\/[^/]+\/([^/]{1,200})\/(?:linux|vmlinuz)$/.exec(
      image,
    )?.[1];
    // What boots is that copy; Debian's kernel-install keeps one in /boot, too.
    if (version !== undefined) found.set(version, { image, suffix: version });
  }
  if (found.size > 0) return [...found.values()];
  for (const version of directories) {
    const image = await view.resolve(`${MODULES}/${version}/vmlinuz`);
    if (image !== null) found.set(version, { image, suffix: version });
  }
  return [...found.values()];
}

/** A link such as `vmlinuz-current` to another kernel of the directory is not a kernel of its own. */
function isRegularName(resolved: string, name: string): boolean {
  return baseName(resolved) === name || !resolved.startsWith("/boot/");
}

/**
 * Its name, where a modules' directory has it: that is what distributions do, and it spares reading the image. Else what the image
 * says of itself. Where it says nothing, its name tells after all: Arch and Alpine name images by flavour (`vmlinuz-linux`,
 * `vmlinuz-lts`), Slackware and genkernel put words of their own in front (`generic-5.15.19`), and the modules' directory has the
 * version.
 */
async function versionOf(
  view: GuestView,
  { image, suffix, directories }: Image & { readonly directories: readonly string[] },
): Promise<string> {
  if (directories.includes(suffix)) return suffix;
  const own = await releaseInside(view, image);
  if (own !== null) return own;
  for (const directory of directories.toReversed()) {
    if (directory.endsWith(`-${suffix}`)) return directory;
    const flavour = await view.readText(`${MODULES}/${directory}/pkgbase`).catch(() => null);
    if (flavour?.trim() === suffix) return directory;
  }
  const named = directories.filter((directory) => suffix.endsWith(`-${directory}`));
  return named.toSorted((a, b) => b.length - a.length)[0] ?? suffix;
}

async function releaseInside(view: GuestView, image: string): Promise<string | null> {
  const bytes = await view.read(image, { maxBytes: IMAGE_BYTES }).catch((error: unknown) => {
    if (error instanceof RangeError || error instanceof TypeError) return null;
    throw error;
  });
  return bytes === null ? null : kernelRelease(bytes);
}

async function findInitramfs(
  view: GuestView,
  {
    image,
    family,
    names,
  }: { readonly image: string; readonly family: string; readonly names: readonly string[] },
): Promise<string | null> {
  const own = image.slice(0, image.lastIndexOf("/"));
  const usual = [...new Set(names)].flatMap((version) => initramfsNames(family, version));
  const beside = baseName(image) === "linux" ? ["initrd", ...usual, `initrd.img-${names[0] ?? ""}`] : usual;
  for (const path of [...beside.map((name) => `${own}/${name}`), ...usual.map((name) => `/boot/${name}`)])
    if ((await view.resolve(path)) !== null) return path;
  return null;
}

/** Kernel configuration symbols, for kernels before 2.6.33: they have no modules.builtin. */
const SYMBOLS: Readonly<Record<string, string>> = {
  virtio_pci: "CONFIG_VIRTIO_PCI",
  virtio_blk: "CONFIG_VIRTIO_BLK",
  virtio_scsi: "CONFIG_SCSI_VIRTIO",
  virtio_net: "CONFIG_VIRTIO_NET",
  "xen-blkfront": "CONFIG_XEN_BLKDEV_FRONTEND",
  "xen-netfront": "CONFIG_XEN_NETDEV_FRONTEND",
};

type Abilities = Pick<Kernel, "has"> & Partial<Pick<Kernel, "virtioLegacy">> & XenAbilities;

/** Where each driver of ours is, as far as the indexes of the modules tell, and nothing where there are none; what is in the initramfs is found by opening it. */
async function readAbilities(view: GuestView, version: string): Promise<Abilities> {
  const read = async (path: string): Promise<string> => {
    try {
      return (await view.readText(path, { maxBytes: INDEX_BYTES })) ?? "";
    } catch (error) {
      if (error instanceof RangeError) return "";
      throw error;
    }
  };
  const builtin = moduleNames(await read(`${MODULES}/${version}/modules.builtin`));
  const modules = moduleNames(await read(`${MODULES}/${version}/modules.dep`));
  const text = (await read(`/boot/config-${version}`)) || (await read(`${MODULES}/${version}/config`));
  const config = new Set(text.split("\n"));
  const placeOf = (driver: string): DriverPlace => {
    const name = driver.replaceAll("-", "_");
    if (builtin.has(name) || config.has(`${SYMBOLS[driver]}=y`)) return "builtin";
    return modules.has(name) ? "module" : "absent";
  };
  const isKnown = builtin.size > 0 || modules.size > 0 || text !== "";
  const has = isKnown ? Object.fromEntries(VM_DRIVERS.map((driver) => [driver, placeOf(driver)])) : {};
  const legacy = knowsVirtio1(version, config) ? {} : ({ virtioLegacy: true } as const);
  return { has, ...legacy, ...xenAbilities(version, config) };
}

/**
 * Linux 4.0 brought virtio 1.0 for PCI, and with it a switch for the old kind. RHEL has both since 7.2 (3.10.0-327); others
 * that brought them back are known by the switch. One that is taken for older than it is starts all the same.
 */
export function knowsVirtio1(version: string, config: ReadonlySet<string>): boolean {
  const [, major = "", minor = ""] = /^(\d{1,4})\.(\d{1,4})/.exec(version) ?? [];
  if (major === "" || Number(major) >= 4) return true;
  if (config.has("CONFIG_VIRTIO_PCI_LEGACY=y") || config.has("# CONFIG_VIRTIO_PCI_LEGACY is not set"))
    return true;
  const [, build = ""] = /^3\.10\.0-(\d{1,5})[.\d]*\.el7/.exec(version) ?? [];
  return Number(major) === 3 && Number(minor) === 10 && Number(build) >= 327;
}

/** Names at the start of each line of modules.dep or modules.builtin, with `_` for `-` as the kernel has it. */
export function moduleNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const path = (colon === -1 ? line : line.slice(0, colon)).trim();
    const match = /^(.{1,128})\.ko(?:\.(?:gz|xz|zst))?$/.exec(path.slice(path.lastIndexOf("/") + 1));
    if (match !== null) names.add((match[1] ?? "").replaceAll("-", "_"));
  }
  return names;
}
