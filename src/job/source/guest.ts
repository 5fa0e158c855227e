// SPDX-License-Identifier: Apache-2.0
// The installed system on the overlay: file systems checked, the root found, everything of it mounted.
import { join } from "node:path";
import {
  type BlockGraph,
  type BlockNode,
  type BlockView,
  type DiskNames,
  type Emit,
  guestFiles,
  type GuestOS,
  type GuestView,
  makeProblem,
  type Mount,
  named,
  NO_NAMES,
  type NodeId,
  type OpenedCrypt,
  type Problem,
  UserError,
} from "../../core/index.ts";
import { inspectGuest, looksLikeRoot, readMounts } from "../../inspect/index.ts";
import { attachVolumes, bytesUsed, checkVolume, mountGuest, type Volumes } from "../../overlay/index.ts";
import { directoryView } from "../../system/index.ts";

/** File systems that can be the root of a Linux system and that this kernel may mount. */
const ROOT_TYPES: ReadonlySet<string> = new Set(["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"]);

type Context = {
  readonly storage: BlockGraph;
  readonly views: readonly BlockView[];
  readonly opened: readonly OpenedCrypt[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

type FileSystem = BlockNode & { readonly holds: Extract<BlockNode["holds"], { kind: "filesystem" }> };

function fileSystems(storage: BlockGraph): FileSystem[] {
  return storage.nodes.filter((node): node is FileSystem => node.holds.kind === "filesystem");
}

function attach(context: Context, { readOnly }: { readOnly: boolean }): Promise<Volumes> {
  const views = context.views.map(({ disk, path }) => ({ disk, path }));
  const { storage: graph, opened, signal } = context;
  return attachVolumes({ graph, views, opened, readOnly, signal });
}

/** Replays journals in the overlay and checks there. Damage stops the run with the checker's own words. */
export async function checkVolumes(context: Context): Promise<readonly Problem[]> {
  const { signal, emit } = context;
  await using volumes = await attach(context, { readOnly: false });
  const problems: Problem[] = [];
  for (const node of fileSystems(context.storage)) {
    const { type } = node.holds;
    const device = await volumes.device(node.id);
    if ("unavailable" in device) {
      problems.push(notReached(node, device.unavailable));
      continue;
    }
    const check = await checkVolume({ device: device.path, type, replay: true, signal });
    if (check.state === "damaged")
      throw new UserError(
        "filesystem-damaged",
        `The ${type} file system ${node.id} on ${node.path} is damaged: ${check.words}`,
        {
          advice: "Repair it on the machine itself, or copy it as it is, without conversion, with --as-is",
        },
      );
    emit({ type: "step", phase: "overlay", text: `${node.id}: ${type}, ${check.state}` });
    if (check.dirty)
      problems.push(
        makeProblem("filesystem-dirty", {
          about: named("node", node.id),
          text: `The ${type} file system ${node.id} was not shut down cleanly; its journal was replayed on the overlay`,
          advice: "The VM gets the replayed state; the source keeps its journal as it is",
        }),
      );
  }
  return problems;
}

function notReached(node: BlockNode, why: string): Problem {
  return makeProblem("volume-not-reached", {
    about: named("node", node.id),
    text: `${node.id} cannot be opened here: ${why}`,
    advice: "It is copied whole and not converted",
  });
}

export type MountedGuest = AsyncDisposable & {
  readonly os: GuestOS;
  readonly view: GuestView;
  readonly directory: string;
  readonly problems: readonly Problem[];
};

/** Mounts the first file system that looks like a root, and below it what its fstab names. null: there is none. */
export async function findGuest(context: Context): Promise<MountedGuest | null> {
  const { signal } = context;
  const found = await findRoot(context);
  if (found === null) return null;
  const { root, mounts, names } = found;
  await using opening = new AsyncDisposableStack();
  const volumes = opening.use(await attach(context, { readOnly: false }));
  const tree = opening.use(
    await mountGuest({
      volumes,
      root: { node: root.id, type: root.holds.type, options: rootOptions(mounts) },
      mounts: mountPoints(mounts),
      readOnly: false,
      signal,
    }),
  );
  const view = directoryView(tree.directory);
  const usedBytes = await bytesUsed(tree.directory);
  const os = await inspectGuest(view, { rootNode: root.id, mounts, names, usedBytes });
  const resources = opening.move();
  return {
    os,
    view,
    directory: tree.directory,
    problems: [...found.problems, ...tree.skipped.map(notMounted)],
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

type FoundRoot = {
  readonly root: FileSystem;
  readonly mounts: readonly Mount[];
  readonly names: DiskNames;
  readonly problems: readonly Problem[];
};

/** Looks through read-only loop devices: mounting alone writes to an XFS, and data disks shall stay as they are. */
async function findRoot(context: Context): Promise<FoundRoot | null> {
  const { signal, storage } = context;
  await using volumes = await attach(context, { readOnly: true });
  const found: RootPlace[] = [];
  for (const node of fileSystems(storage)) {
    const subvolume = await rootIn(node, volumes, signal);
    if (subvolume !== null) found.push({ node, subvolume });
  }
  const [first] = found;
  if (first === undefined) return null;
  const { mounts, names, problems } = await mountsOf(first, volumes, context);
  const others = found.length > 1 ? [severalRoots(found.map(({ node }) => node.id))] : [];
  return {
    root: first.node,
    mounts: withSubvolume(mounts, first),
    names,
    problems: [...problems, ...others],
  };
}

type RootPlace = {
  readonly node: FileSystem;
  /** `subvol=NAME` where the system lies in a subvolume of a btrfs that is not its default; else empty. */
  readonly subvolume: string;
};

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

/** Lines of fstab that are mounts of the given disks: not swap, not NFS. */
export function mountPoints(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.filter(
    (mount) =>
      mount.path.startsWith("/") && mount.path !== "/" && mount.type !== "swap" && mount.node !== null,
  );
}

const rootOptions = (mounts: readonly Mount[]): string =>
  mounts.find((one) => one.path === "/")?.options ?? "";

function notMounted({ path, why }: { readonly path: string; readonly why: string }): Problem {
  return makeProblem("mount-skipped", {
    about: guestFiles(path),
    text: `${path} of the guest could not be mounted here: ${why}`,
    advice: "What lies there is copied as it is, and not converted",
  });
}

/** Mount options with which a system is seen there, mostly none; null: there is none. */
async function rootIn(node: FileSystem, volumes: Volumes, signal: AbortSignal): Promise<string | null> {
  if (!ROOT_TYPES.has(node.holds.type) || "unavailable" in (await volumes.device(node.id))) return null;
  await using tree = await mountGuest({
    volumes,
    root: { node: node.id, type: node.holds.type, options: "" },
    mounts: [],
    readOnly: true,
    signal,
  });
  if (await looksLikeRoot(directoryView(tree.directory))) return "";
  return node.holds.type === "btrfs" ? await rootSubvolume(tree.directory) : null;
}

/** Names of subvolumes that installers make: Ubuntu and Arch `@`, Debian `@rootfs`, Fedora `root`. */
const ROOT_SUBVOLUMES = ["@", "@rootfs", "root", "@root", "rootfs", "@/root"];

async function rootSubvolume(directory: string): Promise<string | null> {
  const view = directoryView(directory);
  for (const name of ROOT_SUBVOLUMES)
    if (
      (await view.resolve(`/${name}`)) === `/${name}` &&
      (await looksLikeRoot(directoryView(join(directory, name))))
    )
      return `subvol=${name}`;
  return null;
}

/** A boot partition may tell what a disk was called, and so where other volumes belong. */
const MAX_LOOKS = 3;

/** Read until what is mounted tells of nothing more to mount. */
async function mountsOf(
  { node: root, subvolume }: RootPlace,
  volumes: Volumes,
  { storage, signal }: Context,
): ReturnType<typeof readMounts> {
  let found: Awaited<ReturnType<typeof readMounts>> | null = null;
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const known = mountPoints(found?.mounts ?? []);
    await using tree = await mountGuest({
      volumes,
      root: { node: root.id, type: root.holds.type, options: subvolume },
      mounts: known,
      readOnly: true,
      signal,
    });
    found = await readMounts(directoryView(tree.directory), { graph: storage, root: root.id });
    if (mountPoints(found.mounts).length <= known.length) break;
  }
  return found ?? { mounts: [], names: NO_NAMES, problems: [] };
}

function severalRoots(ids: readonly NodeId[]): Problem {
  return makeProblem("several-systems", {
    about: named("node", ...ids),
    text: `There are ${ids.length} installed systems: ${ids.join(", ")}`,
    advice: `Only the first, on ${ids[0]}, is converted; the others are copied as they are`,
  });
}
