// SPDX-License-Identifier: Apache-2.0
// File systems on which an installed system is seen, and what each of them says of itself.
import { join } from "node:path";
import {
  companionsOf,
  type DiskNames,
  type GuestOS,
  hasSubvolume,
  type Mount,
  NO_NAMES,
  type NodeId,
  type Problem,
  subvolumeWord,
  UserError,
} from "../../../core/index.ts";
import { type Layout, looksLikeRoot, readLayout, readMounts } from "../../../inspect/index.ts";
import { mountGuest, type Volumes } from "../../../overlay/index.ts";
import { directoryView } from "../../../system/index.ts";
import { type FileSystem, fileSystems, type OverlayContext } from "../file-systems.ts";
import { mountPoints } from "../mount-points.ts";

/** File systems that can be the root of a Linux system and that this kernel may mount. */
const ROOT_TYPES: ReadonlySet<string> = new Set(["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"]);

export type RootPlace = {
  readonly node: FileSystem;
  /** `subvol=NAME` where the system lies in a subvolume of a btrfs that is not its default; else empty. */
  readonly subvolume: string;
};

/** Could hold a system, and could not be mounted. */
export type Unread = {
  readonly node: FileSystem;
  readonly why: string;
  /** A part of it is not given, which was reported. */
  readonly isIncomplete: boolean;
};

export type RootPlaces = {
  readonly places: readonly RootPlace[];
  readonly unread: readonly Unread[];
  /** Systems made of images, or parts of them. */
  readonly layouts: readonly Layout[];
};

export async function rootPlaces(volumes: Volumes, { storage, signal }: OverlayContext): Promise<RootPlaces> {
  const places: RootPlace[] = [];
  const layouts: Layout[] = [];
  const unread: Unread[] = [];
  for (const node of fileSystems(storage)) {
    if (!ROOT_TYPES.has(node.holds.type) || "unavailable" in (await volumes.device(node.id))) continue;
    try {
      const found = await rootIn(node, volumes, signal);
      if (typeof found === "string") places.push({ node, subvolume: found });
      else if (found !== null) layouts.push(found);
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "root-not-mounted") throw error;
      unread.push({ node, why: error.message, isIncomplete: companionsOf(storage, node).kind === "missing" });
    }
  }
  return { places, unread, layouts };
}

/** Mount options with which a system is seen there, mostly none; or a system made of images; null: there is none. */
async function rootIn(
  node: FileSystem,
  volumes: Volumes,
  signal: AbortSignal,
): Promise<string | Layout | null> {
  await using tree = await mountGuest({
    volumes,
    root: { node: node.id, type: node.holds.type, options: "" },
    mounts: [],
    readOnly: true,
    signal,
  });
  const view = directoryView(tree.directory);
  if (await looksLikeRoot(view)) return "";
  const found = node.holds.type === "btrfs" ? await rootSubvolume(tree.directory) : null;
  return found ?? (await readLayout(view));
}

/** Names of subvolumes that installers make: Ubuntu and Arch `@`, Debian `@rootfs`, Fedora `root`. */
const ROOT_SUBVOLUMES = ["@", "@rootfs", "root", "@root", "rootfs", "@/root"];

async function rootSubvolume(directory: string): Promise<string | Layout | null> {
  const view = directoryView(directory);
  for (const name of ROOT_SUBVOLUMES) {
    if ((await view.resolve(`/${name}`)) !== `/${name}`) continue;
    const inside = directoryView(join(directory, name));
    if (await looksLikeRoot(inside)) return `subvol=${name}`;
    const layout = await readLayout(inside); // Silverblue's lies in `root`
    if (layout !== null) return layout;
  }
  return null;
}

/** A boot partition may tell what a disk was called, and so where other volumes belong. */
const MAX_LOOKS = 3;

export type PlaceMounts = {
  readonly mounts: readonly Mount[];
  readonly names: DiskNames;
  readonly problems: readonly Problem[];
};

/** Read until what is mounted tells of nothing more to mount. */
export async function mountsOf(
  { node: root, subvolume }: RootPlace,
  volumes: Volumes,
  { storage, told, signal }: OverlayContext,
): Promise<PlaceMounts> {
  let found: PlaceMounts | null = null;
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const known = mountPoints(found?.mounts ?? []);
    await using tree = await mountGuest({
      volumes,
      root: { node: root.id, type: root.holds.type, options: subvolume },
      mounts: known,
      readOnly: true,
      signal,
    });
    const read = await readMounts(directoryView(tree.directory), {
      graph: storage,
      root: root.id,
      told,
    });
    found = { ...read, mounts: withKnown(read.mounts, known) };
    if (mountPoints(found.mounts).length <= known.length) break;
  }
  return found ?? { mounts: [], names: NO_NAMES, problems: [] };
}

/** A mount that no line names is told by its empty directory, which is not empty any more once it is mounted. */
export function withKnown(mounts: readonly Mount[], known: readonly Mount[]): readonly Mount[] {
  const isRead = ({ path }: Mount): boolean => mounts.some((one) => one.path === path);
  return [...mounts, ...known.filter((one) => !isRead(one))];
}

/** The loader may name the subvolume alone (rootflags=): then fstab's line gets it, for all who mount the root later. */
export function withSubvolume(mounts: readonly Mount[], { node, subvolume }: RootPlace): readonly Mount[] {
  if (subvolume === "") return mounts;
  const root = mounts.find(({ path }) => path === "/");
  if (root === undefined)
    return [
      { path: "/", spec: `UUID=${node.holds.uuid}`, type: "btrfs", options: subvolume, node: node.id },
      ...mounts,
    ];
  if (/(^|,)subvol(id)?=/.test(root.options)) return mounts;
  return mounts.map((one) => (one === root ? { ...one, options: `${one.options},${subvolume}` } : one));
}

type Seen = {
  /** The root, and the subvolume in which it was seen; empty: the default one. */
  readonly node: NodeId;
  readonly subvolume: string;
  readonly subvolumes: NonNullable<GuestOS["subvolumes"]>;
};

/** A subvolume of fstab's line that is gone: the machine starts by its loader's words, or by the default, and so do we. */
export function withSeenSubvolume(
  mounts: readonly Mount[],
  { node, subvolume, subvolumes }: Seen,
): readonly Mount[] {
  const known = subvolumes.find((one) => one.node === node)?.paths;
  return mounts.map((one) => {
    const word = one.path === "/" ? subvolumeWord(one.options) : null;
    if (word === null || known === undefined || hasSubvolume(word, known) !== false) return one;
    const kept = one.options.split(",").filter((option) => !/^subvol(?:id)?=/.test(option));
    const options = [...kept, subvolume].filter((option) => option !== "").join(",");
    return { ...one, options: options === "" ? "defaults" : options };
  });
}
