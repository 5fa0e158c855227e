// SPDX-License-Identifier: Apache-2.0
// A server as it runs, in the shape of an opened source: its disks read as they are now, its files through read-only bind mounts. No
// overlay is laid above a disk: what is tried with the guest's own tools is tried on an overlay of files, in memory.
import { existsSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type BlockGraph,
  type BlockNode,
  bytesOf,
  type Emit,
  type GuestView,
  type Machine,
  type Mount,
  type Problem,
  UserError,
} from "../../../core/index.ts";
import {
  inspectGuest,
  openSourceDisk,
  readDiskGraph,
  readMounts,
  readUsedMaps,
} from "../../../inspect/index.ts";
import { bytesUsed, inOrderOfDepth } from "../../../overlay/index.ts";
import type { Answers } from "../../../plan/index.ts";
import {
  bindReadOnly,
  directoryView,
  isBelow,
  type MountEntry,
  readMountTable,
} from "../../../system/index.ts";
import type { PlannedSource } from "../../plan.ts";
import { chooseMirrors } from "../../source/mirrors.ts";
import { mountPoints } from "../../source/mount-points.ts";
import { withKnown } from "../../source/root/root-places.ts";

type Options = {
  readonly answers: Pick<Answers, "disks" | "mirrors" | "asIs">;
  readonly machine: Machine;
  /** Memory. */
  readonly directory: string;
  /** Where its files are; absolute. */
  readonly root: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** UserError: why it cannot be seen while it runs; the live system looks again. */
export async function openRunning(options: Options): Promise<PlannedSource & AsyncDisposable> {
  const { answers, machine, directory, root: top, signal } = options;
  const disks = await Promise.all(answers.disks.map((path, index) => openSourceDisk(path, index + 1)));
  const { graph, problems: ofDisks, opened } = await readDiskGraph(disks, { keys: [], signal });
  const seen = { disks, storage: graph, problems: ofDisks, machine, machineIsSource: true, opened };
  const found = chooseMirrors(seen, answers.mirrors);
  const { usage, used } = await measure(found, signal);
  await using opening = new AsyncDisposableStack();
  if (answers.asIs)
    return {
      ...found,
      guest: null,
      usage,
      used,
      mounted: null,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  const table = mountsBelow(top, await readMountTable());
  const root = await rootNode(found.storage, { top, table, signal });
  const tree = join(directory, "tree");
  await mkdir(tree, { mode: 0o700 });
  opening.use(await bindReadOnly(top, tree, { signal }));
  const view = directoryView(tree);
  const look = { graph: found.storage, root: root.id };
  const first = await readMounts(view, look);
  for (const { path } of inOrderOfDepth(mountPoints(first.mounts)))
    if (await isMounted(path, { table, view }))
      opening.use(await bindReadOnly(join(top, path), join(tree, path), { signal }));
  const { names, problems: ofMounts, ...read } = await readMounts(view, look);
  const mounts = withKnown(read.mounts, mountPoints(first.mounts));
  const usedBytes = await bytesUsed(tree);
  const guest = await inspectGuest(view, { rootNode: root.id, mounts, names, usedBytes });
  const problems: readonly Problem[] = [...found.problems, ...ofMounts];
  const resources = opening.move();
  return {
    ...found,
    problems,
    guest,
    usage,
    used,
    mounted: { view, directory: tree },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Pure. */
function mountsBelow(top: string, table: readonly MountEntry[]): readonly MountEntry[] {
  if (top === "/") return table;
  return table
    .filter(({ path }) => isBelow(path, top))
    .map((entry) => ({ ...entry, path: entry.path.slice(top.length) || "/" }));
}

const notSeen = (why: string): UserError =>
  new UserError("cutover-no-plan", why, {
    advice: "The chain of boot is walked after the jump, before anything is sent",
  });

type FileSystem = BlockNode & { readonly holds: Extract<BlockNode["holds"], { kind: "filesystem" }> };

/** What is mounted at `/`, among the given disks: by its UUID, whatever the kernel calls its device. */
async function rootNode(
  storage: BlockGraph,
  {
    top,
    table,
    signal,
  }: { readonly top: string; readonly table: readonly MountEntry[]; readonly signal: AbortSignal },
): Promise<FileSystem> {
  const mounted = table.findLast(({ path, type }) => path === "/" && type !== "rootfs");
  if (mounted === undefined || !mounted.source.startsWith("/dev/"))
    throw notSeen(`The root of this server is a ${mounted?.type ?? "file system"} of no disk`);
  if (mounted.type === "btrfs")
    throw notSeen("Its root is a btrfs, whose subvolumes are looked at when nobody uses it");
  const device = await openSourceDisk(await devicePath(mounted.source, top), 1);
  const { graph } = await readDiskGraph([device], { keys: [], signal });
  const uuids = new Set(graph.nodes.filter(isFileSystem).map(({ holds }) => holds.uuid));
  const [node, ...more] = storage.nodes.filter(isFileSystem).filter(({ holds }) => uuids.has(holds.uuid));
  if (node === undefined)
    throw notSeen(`The root of this server (${mounted.source}) is seen on none of the given disks`);
  if (more.length > 0) throw notSeen(`The root of this server is there ${more.length + 1} times`);
  return node;
}

/** `/dev/root`, as the kernel calls what it mounted itself, is no device node. */
async function devicePath(source: string, top: string): Promise<string> {
  if (existsSync(source)) return source;
  const { dev } = await stat(top);
  return `/dev/block/${majorOf(dev)}:${minorOf(dev)}`;
}

/** As sys/sysmacros.h of glibc packs them into st_dev. */
const majorOf = (dev: number): number => (dev >>> 8) & 0xfff;
const minorOf = (dev: number): number => (dev & 0xff) | ((dev >>> 12) & 0xfff00);

const isFileSystem = (node: BlockNode): node is FileSystem => node.holds.kind === "filesystem";

/** What starts the VM lies there: without it the plan would be of another system. */
const NEEDED = /^\/(?:boot|efi|usr)(?:\/|$)/;

/** A mount point that is a link leads elsewhere, and is left alone. */
async function isMounted(
  path: Mount["path"],
  { table, view }: { readonly table: readonly MountEntry[]; readonly view: GuestView },
): Promise<boolean> {
  const entry = table.findLast((one) => one.path === path);
  if (entry !== undefined && entry.type !== "autofs" && (await view.resolve(path)) === path) return true;
  if (NEEDED.test(path)) throw notSeen(`${path} is not mounted now`);
  return false;
}

async function measure(
  { disks, storage, opened }: Pick<PlannedSource, "disks" | "storage" | "opened">,
  signal: AbortSignal,
): Promise<Pick<PlannedSource, "usage" | "used">> {
  const views = new Map(disks.map(({ number, path }) => [number, path]));
  const { maps: used } = await readUsedMaps({ graph: storage, views, opened, signal, isHint: true });
  const usage = disks.map(({ number, path, sizeBytes }) => {
    const map = used.get(number);
    return { number, path, sizeBytes, usedBytes: map === undefined ? sizeBytes : bytesOf(map, "data") };
  });
  return { usage, used };
}
