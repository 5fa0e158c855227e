// SPDX-License-Identifier: Apache-2.0
// The file systems of an installed system, mounted one into the other below a private directory.
import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { contentTitle, findNode, type NodeId, UserError } from "../../core/index.ts";
import {
  directoryView,
  isBelow,
  isDirectory,
  kernelRelease,
  makeRunDirectory,
  mount,
  mountFatCopy,
  type Mounted,
  readKernelLog,
  readMountTable,
  RunError,
  run,
  unmount,
} from "../../system/index.ts";
import { MOUNTABLE, mountOptions, withoutReplay } from "./mount-options.ts";
import { whyNotMounted } from "./why-not-mounted.ts";
import { devicesBeside } from "../volumes/beside.ts";
import type { Volumes } from "../volumes/volumes.ts";

export type GuestMount = {
  /** Absolute in the guest. */
  readonly path: string;
  readonly node: NodeId | null;
  readonly type: string;
  readonly options: string;
};

export interface MountedTree extends AsyncDisposable {
  /** The guest's root. */
  readonly directory: string;
  /** What could not be mounted, and why; the guest is then seen without it. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

/** Mounts the root, then `mounts` in order of depth. UserError `root-not-mounted` when the root cannot be had. */
export async function mountGuest(options: {
  volumes: Volumes;
  root: { readonly node: NodeId; readonly type: string; readonly options?: string };
  mounts: readonly GuestMount[];
  readOnly: boolean;
  signal: AbortSignal;
}): Promise<MountedTree> {
  const { volumes, mounts, signal } = options;
  const readOnly = options.readOnly || volumes.readOnly;
  await using scope = new AsyncDisposableStack();
  const directory = await openPrivateDirectory(scope, { signal });
  const root = { ...options.root, options: options.root.options ?? "", path: "/" };
  const rootDevice = await volumes.device(root.node);
  if ("unavailable" in rootDevice) throw rootNotMounted(root.node, rootDevice.unavailable);
  const rootMount = await mountNode(volumes, root, {
    target: directory,
    device: rootDevice.path,
    readOnly,
    signal,
  });
  if ("why" in rootMount) throw rootNotMounted(root.node, rootMount.why);
  scope.use(rootMount);
  const skipped: { path: string; why: string }[] = [];
  for (const one of inOrderOfDepth(mounts)) {
    signal.throwIfAborted();
    const mounted = await tryMount(volumes, one, { directory, readOnly, signal });
    if ("why" in mounted) skipped.push({ path: one.path, why: mounted.why });
    else scope.use(mounted);
  }
  const owned = scope.move();
  return { directory, skipped, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Parents first; the root itself is not among them. */
export function inOrderOfDepth(mounts: readonly GuestMount[]): GuestMount[] {
  const depth = ({ path }: GuestMount): number => path.split("/").filter((name) => name !== "").length;
  return mounts.filter((one) => depth(one) > 0).toSorted((a, b) => depth(a) - depth(b));
}

/**
 * A mount of its own that is private: elsewhere a system's `/` is often shared, and every mount of ours would appear in
 * the namespaces of its services and keep our devices busy.
 */
async function openPrivateDirectory(
  scope: AsyncDisposableStack,
  { signal }: { signal: AbortSignal },
): Promise<string> {
  const base = join(scope.use(await makeRunDirectory("guest")).path, "tree");
  await mkdir(base, { mode: 0o700 });
  await run(["mount", "--bind", "--", base, base], { signal });
  scope.defer(() => unmount(base));
  await run(["mount", "--make-private", "--", base], { signal });
  return join(base, "root");
}

type Where = { readonly directory: string; readonly readOnly: boolean; readonly signal: AbortSignal };

async function tryMount(
  volumes: Volumes,
  one: GuestMount,
  { directory, readOnly, signal }: Where,
): Promise<Mounted | { readonly why: string }> {
  if (one.node === null) return { why: "it is not on the given disks" };
  const target = await findTarget(directory, one.path);
  if (target === null) return { why: "the guest has no such directory" };
  const device = await volumes.device(one.node);
  if ("unavailable" in device) return { why: device.unavailable };
  return await mountNode(
    volumes,
    { ...one, node: one.node },
    { target, device: device.path, readOnly, signal },
  );
}

async function mountNode(
  volumes: Volumes,
  one: { readonly node: NodeId; readonly type: string; readonly options: string },
  where: { target: string; device: string; readOnly: boolean; signal: AbortSignal },
): Promise<Mounted | { readonly why: string }> {
  const { target, device, readOnly, signal } = where;
  const node = findNode(volumes.graph, one.node);
  const there = node === null || node.holds.kind === "filesystem" ? null : contentTitle(node);
  if (there !== null) return { why: `what lies there is ${there}, and fstab says ${one.type}` };
  const holds = node?.holds;
  const type = holds?.kind === "filesystem" ? holds.type : one.type; // fstab may say `auto`, or ext3 of an ext4
  if (!MOUNTABLE.has(type)) return { why: `a file system of type ${type} is not mounted` };
  const beside = await devicesBeside(volumes, one.node);
  if ("unavailable" in beside) return { why: beside.unavailable };
  const unreplayed = volumes.readOnly ? withoutReplay(type) : null;
  const plain = mountOptions(type, one.options, { readOnly, ...beside });
  const tries = unreplayed === null ? [plain] : [plain, [...plain, unreplayed]];
  let why = "";
  for (const options of tries) {
    try {
      return await mount(device, target, { type, options, signal });
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      if (type === "vfat" && /unknown filesystem type/.test(error.stderr))
        return await tryFatCopy(device, target, { readOnly, signal });
      const log = await readKernelLog(device);
      why = whyNotMounted({ type, stderr: error.stderr, log, release: kernelRelease() }) || error.message;
    }
  }
  return { why };
}

async function tryFatCopy(
  device: string,
  target: string,
  call: { readOnly: boolean; signal: AbortSignal },
): Promise<Mounted | { readonly why: string }> {
  try {
    return await mountFatCopy(device, target, call);
  } catch (error) {
    const missing = error instanceof UserError && error.code === "program-missing";
    if (!(error instanceof RunError || error instanceof RangeError || missing)) throw error;
    return { why: `this kernel has no vfat, and mtools say: ${error.message}` };
  }
}

/** The directory on which to mount, links resolved inside the guest; null where there is none. */
async function findTarget(directory: string, path: string): Promise<string | null> {
  const view = directoryView(directory);
  const inside = await view.resolve(path);
  if (inside === null || !(await isDirectory(view, inside))) return null;
  return join(directory, inside);
}

/** Bytes used in the file systems mounted at and below `directory`, each counted once. */
export async function bytesUsed(directory: string): Promise<number> {
  const seen = new Set<string>();
  let sum = 0;
  for (const { path, source } of await readMountTable()) {
    if (!isBelow(path, directory) || seen.has(source)) continue;
    seen.add(source); // btrfs subvolumes are several mounts of one file system
    const { blocks, bfree, bsize } = await statfs(path);
    sum += (blocks - bfree) * bsize;
  }
  return sum;
}

function rootNotMounted(node: NodeId, words: string): UserError {
  return new UserError("root-not-mounted", `The file system ${node} cannot be mounted: ${words}`, {
    advice: "With --as-is the disks are copied without conversion",
  });
}
