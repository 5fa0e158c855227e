// SPDX-License-Identifier: Apache-2.0
// Does an initramfs hold what its kernel needs in the VM? Pure.
import type { InitramfsEntry } from "./cpio.ts";
import { moduleName, type Modules } from "./modules.ts";

/** A file that must be inside with exactly this content, at one of these places. */
export type WantedFile = {
  readonly name: string;
  readonly paths: readonly string[];
  readonly content: Uint8Array;
  /** `udev`: only where udev runs in it. `if-there`: only a copy that differs is wrong. */
  readonly when: "udev" | "if-there";
};

export type Wanted = {
  readonly kernel: string;
  readonly modules: Modules;
  /** Of the VM's devices. */
  readonly drivers: readonly string[];
  /** File systems of / and /usr: `ext4`, `xfs`; and `dm_crypt`, where they lie in LUKS. */
  readonly fileSystems: readonly string[];
  /** What opens LUKS volumes there: the scripts of cryptsetup-initramfs; null: nothing, or unknown. */
  readonly opener: "cryptroot" | null;
  readonly files: readonly WantedFile[];
};

/** What is missing, in words: `virtio_blk`, `lib/systemd/network/10-p2v-enp3s0.link`. Empty: proven. */
export function findMissing(entries: ReadonlyMap<string, InitramfsEntry>, wanted: Wanted): readonly string[] {
  return [...missingModules(entries, wanted), ...missingFiles(entries, wanted).map((file) => file.name)];
}

/** In an order in which they can be loaded. */
export function missingModules(
  entries: ReadonlyMap<string, InitramfsEntry>,
  wanted: Wanted,
): readonly string[] {
  const inside = modulesInside(entries, wanted.kernel);
  return neededModules(wanted).filter((name) => !inside.has(name));
}

export function missingFiles(
  entries: ReadonlyMap<string, InitramfsEntry>,
  wanted: Wanted,
): readonly WantedFile[] {
  return wanted.files.filter((file) => !holds(entries, file));
}

/** Drivers of the VM and of the root's file system that this kernel has as modules, with all they depend on. */
export function neededModules({
  modules,
  drivers,
  fileSystems,
}: Pick<Wanted, "modules" | "drivers" | "fileSystems">): readonly string[] {
  const names = [...drivers, ...fileSystems].filter((name) => modules.place(name) === "module");
  return [...new Set(names.flatMap((name) => modules.withDependencies(name)))].filter(
    (name) => modules.place(name) === "module",
  );
}

/**
 * Names of modules, with their paths. RHEL 4 and 5 have them flat in /lib, for nash; NixOS has them in a directory of its store. Hard links (initramfs of some tools)
 * have their bytes at the last name only, so that a size of 0 means nothing.
 */
export function modulesInside(
  entries: ReadonlyMap<string, InitramfsEntry>,
  kernel: string,
): ReadonlyMap<string, string> {
  const inside = new Map<string, string>();
  for (const { path, kind } of entries.values()) {
    if (kind !== "file" || !/\.ko(\.\w+)?$/.test(path)) continue;
    const [, release] = /(?:^|\/)lib\/modules\/([^/]+)\//.exec(path) ?? [];
    if (release === kernel || /^lib\/(p2v\/)?[^/]+\.ko$/.test(path)) inside.set(moduleName(path), path);
  }
  return inside;
}

function holds(entries: ReadonlyMap<string, InitramfsEntry>, { paths, content, when }: WantedFile): boolean {
  const copies = paths.flatMap((path) => entries.get(path) ?? []);
  if (copies.length === 0) return when === "if-there" || !runsUdev(entries);
  return copies.some((copy) => copy.content?.equals(content) ?? false);
}

/** Does udev run in it, and rename cards there? */
const runsUdev = (entries: ReadonlyMap<string, InitramfsEntry>): boolean =>
  [...entries.keys()].some((path) => /(^|\/)(systemd-)?udevd$/.test(path));

/** cryptsetup-initramfs; before Debian 10 its configuration was elsewhere. An appended archive cannot bring these. */
const OPENER: readonly (readonly [name: string, path: RegExp])[] = [
  ["cryptsetup", /^(?:usr\/)?s?bin\/cryptsetup$/],
  ["cryptroot/crypttab", /^(?:cryptroot\/crypttab|conf\/conf\.d\/cryptroot)$/],
];

/** Without these the root stays locked. The hook writes an empty crypttab if it cannot see what the root is on. */
export function findNoOpener(
  entries: ReadonlyMap<string, InitramfsEntry>,
  { opener }: Pick<Wanted, "opener">,
): readonly string[] {
  if (opener !== "cryptroot") return [];
  const all = [...entries.values()];
  return OPENER.flatMap(([name, path]) =>
    all.some((entry) => path.test(entry.path) && entry.sizeBytes > 0) ? [] : [name],
  );
}

/** What unlocks or assembles the root: a rebuilt initramfs without it would not find the root any more. */
const VITAL =
  /^(?:usr\/)?(?:s?bin\/(?:lvm|mdadm|cryptsetup|dmsetup|multipath|btrfs|zpool)|cryptroot\/crypttab)$/;

export function findLost(
  before: ReadonlyMap<string, InitramfsEntry>,
  after: ReadonlyMap<string, InitramfsEntry>,
): readonly string[] {
  const plain = (path: string): string => path.replace(/^usr\//, "");
  const kept = new Set(
    [...after.values()].filter((entry) => entry.sizeBytes > 0).map((entry) => plain(entry.path)),
  );
  return [...before.values()]
    .filter((entry) => VITAL.test(entry.path) && entry.sizeBytes > 0 && !kept.has(plain(entry.path)))
    .map((entry) => entry.path);
}
