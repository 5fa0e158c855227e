// SPDX-License-Identifier: Apache-2.0
// Which subvolumes the btrfs file systems of an installed system have, seen from their tops.
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import {
  findNode,
  type GuestOS,
  type Mount,
  type NodeId,
  SUBVOLUME_DEPTH,
  subvolumeWord,
  UserError,
} from "../../../core/index.ts";
import { mountGuest, type Volumes } from "../../../overlay/index.ts";

/** Every subvolume's top has this inode number (btrfs_tree.h: BTRFS_FIRST_FREE_OBJECTID). */
const TOP_INODE = 256;
const MAX_LOOKS = 20_000;

type Subvolumes = NonNullable<GuestOS["subvolumes"]>;

/** Of those that are btrfs; one that cannot be mounted, or has more directories than bounds allow, is left out. */
export async function readSubvolumes(
  volumes: Volumes,
  nodes: readonly NodeId[],
  { signal }: { signal: AbortSignal },
): Promise<Subvolumes> {
  const out: Subvolumes[number][] = [];
  for (const node of new Set(nodes)) {
    const holds = findNode(volumes.graph, node)?.holds;
    if (holds?.kind !== "filesystem" || holds.type !== "btrfs") continue;
    const paths = await pathsOn(node, volumes, signal);
    if (paths !== null) out.push({ node, paths });
  }
  return out;
}

/** Numbers are in no directory; that one was mounted by it tells that it is there. Pure. */
export function withMounted(
  subvolumes: Subvolumes,
  mounts: readonly Mount[],
  skipped: readonly { readonly path: string }[],
): Subvolumes {
  return subvolumes.map(({ node, paths }) => {
    const words = mounts.flatMap((mount) => {
      const isMounted = mount.node === node && !skipped.some(({ path }) => path === mount.path);
      const word = isMounted ? subvolumeWord(mount.options) : null;
      return word?.startsWith("subvolid=") === true ? [word] : [];
    });
    return { node, paths: [...paths, ...new Set(words)] };
  });
}

async function pathsOn(
  node: NodeId,
  volumes: Volumes,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  try {
    await using tree = await mountGuest({
      volumes,
      root: { node, type: "btrfs", options: "subvolid=5" },
      mounts: [],
      readOnly: true,
      signal,
    });
    return await subvolumesBelow(tree.directory);
  } catch (error) {
    if (error instanceof UserError && error.code === "root-not-mounted") return null;
    throw error;
  }
}

/** null: it has too many directories. Links are not followed. */
async function subvolumesBelow(top: string): Promise<readonly string[] | null> {
  const found: string[] = [];
  const open: { readonly path: string; readonly depth: number }[] = [{ path: "", depth: 0 }];
  let looks = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for await (const entry of await opendir(join(top, next.path))) {
      if ((looks += 1) > MAX_LOOKS) return null;
      if (!entry.isDirectory()) continue;
      const path = next.path === "" ? entry.name : `${next.path}/${entry.name}`;
      const { ino } = await lstat(join(top, path));
      if (ino === TOP_INODE) found.push(path);
      if (next.depth + 1 < SUBVOLUME_DEPTH) open.push({ path, depth: next.depth + 1 });
    }
  }
  return found.toSorted();
}
