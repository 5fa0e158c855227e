// SPDX-License-Identifier: Apache-2.0
// The disks of a surveyed machine as a migration would number them, and about how many bytes of each are used. Pure.
import {
  type BlockGraph,
  type BlockNode,
  diskId,
  type DiskPreview,
  findSpec,
  furtherPaths,
  isWithin,
  type NodeId,
  partitionId,
  type SourceDisk,
  withinRenamed,
} from "../../core/index.ts";
import { parseFstab } from "../guest/fstab-lines.ts";
import type { Space } from "./space.ts";

/** Device nodes of the disks, in order; of one with several paths, the one above them, or the first. */
export function sourceDisks(storage: BlockGraph, removable: ReadonlySet<string>): readonly string[] {
  const isDisk = new Set(storage.nodes.flatMap(({ id, holds }) => (holds.kind === "disk" ? [id] : [])));
  const paths = new Set(
    storage.edges.flatMap(({ from, to }) => (isDisk.has(from) && isDisk.has(to) ? [to] : [])),
  );
  const further = furtherPaths(storage);
  return storage.nodes.flatMap(({ id, path }) =>
    isDisk.has(id) && !paths.has(id) && !further.has(path) && !removable.has(path) ? [path] : [],
  );
}

export type NumberedDisks = { readonly disks: readonly SourceDisk[]; readonly storage: BlockGraph };

/**
 * `disk:sda` becomes `disk:1`, `part:sda2` `disk:1/part:2`, as if the disks had been read. What lies on no disk of
 * `paths` is left out; `paths` are device nodes, in their order.
 */
export function numberDisks(storage: BlockGraph, paths: readonly string[]): NumberedDisks {
  const names = new Map<NodeId, NodeId>();
  const disks: SourceDisk[] = [];
  for (const path of paths) {
    const node = storage.nodes.find((one) => one.holds.kind === "disk" && one.path === path);
    if (node === undefined) continue;
    const number = disks.length + 1;
    disks.push({ number, path, kind: "device", sizeBytes: node.sizeBytes, sectorBytes: node.sectorBytes });
    names.set(node.id, diskId(number));
  }
  const kept = nodesAbove(storage, [...names.keys()]);
  for (const { from, to } of storage.edges) {
    const node = storage.nodes.find(({ id }) => id === from);
    const below = names.get(to);
    if (node?.holds.kind === "partition" && below !== undefined)
      names.set(from, partitionId(below, node.holds.number));
  }
  const rename = (id: NodeId): NodeId => {
    const found = [...names].find(([outer]) => isWithin(id, outer));
    return found === undefined ? id : withinRenamed(id, ...found);
  };
  const nodes = storage.nodes
    .filter(({ id }) => kept.has(id))
    .map((node) => withArrayName({ ...node, id: rename(node.id) }));
  const edges = storage.edges
    .filter(({ from, to }) => kept.has(from) && kept.has(to))
    .map((edge) => ({ ...edge, from: rename(edge.from), to: rename(edge.to) }));
  return { disks, storage: { nodes, edges } };
}

/** The kernel's md0 is `0` to mdadm, and to whoever looks up /dev/md0. */
function withArrayName(node: BlockNode): BlockNode {
  if (node.holds.kind !== "md") return node;
  return { ...node, holds: { ...node.holds, name: node.holds.name.replace(/^md(?=\d+$)/, "") } };
}

function nodesAbove(storage: BlockGraph, disks: readonly NodeId[]): ReadonlySet<NodeId> {
  const above = Map.groupBy(storage.edges, ({ to }) => to);
  const found = new Set(disks);
  for (const id of found) for (const { from } of above.get(id) ?? []) found.add(from);
  return found;
}

/** Mount points by the kernel's own table; names that say nothing are looked up in fstab. */
export type Mounted = { readonly mounts: string; readonly fstab: string };

/** The file system of `/`; null where neither table tells. */
export function findRootNode(storage: BlockGraph, { mounts, fstab }: Mounted): NodeId | null {
  return nodeOfMount(storage, "/", { mounts, fstab });
}

function nodeOfMount(storage: BlockGraph, mount: string, { mounts, fstab }: Mounted): NodeId | null {
  const table = parseFstab(mounts);
  const mounted = table.findLast((line) => line.path === mount && line.type !== "rootfs");
  const named = parseFstab(fstab).find((line) => line.path === mount);
  for (const spec of [mounted?.spec, named?.spec]) {
    const node = spec === undefined ? null : findVolume(storage, spec);
    if (node !== null) return node;
  }
  return null;
}

/** By the name that the running kernel gave it, then by UUID and the like. */
function findVolume(storage: BlockGraph, spec: string): NodeId | null {
  const volume = storage.nodes.find(({ path, holds }) => path === spec && holds.kind !== "filesystem");
  const here = volume === undefined ? findSpec(storage, spec) : volume.id;
  if (here === null) return null;
  return fileSystemOn(storage, here);
}

function fileSystemOn(storage: BlockGraph, id: NodeId): NodeId | null {
  const isFileSystem = (one: NodeId): boolean =>
    storage.nodes.find((node) => node.id === one)?.holds.kind === "filesystem";
  if (isFileSystem(id)) return id;
  return storage.edges.find((edge) => edge.to === id && isFileSystem(edge.from))?.from ?? null;
}

export type Usage = {
  readonly disks: readonly DiskPreview[];
  /** Volumes whose use nobody told: they are counted whole. */
  readonly whole: readonly NodeId[];
};

/** What df said, laid onto the disks; volumes over several disks are taken as spread evenly. */
export function estimateUsage(
  { disks, storage }: NumberedDisks,
  { spaces, tables }: { spaces: readonly Space[]; tables: Mounted },
): Usage {
  const used = new Map<NodeId, number>();
  for (const { mount, source, usedBytes } of spaces) {
    const node = findVolume(storage, source) ?? nodeOfMount(storage, mount, tables);
    if (node !== null) used.set(node, Math.max(used.get(node) ?? 0, usedBytes));
  }
  const totals = new Map<NodeId, number>();
  const whole: NodeId[] = [];
  const layers: Layers = {
    nodes: new Map(storage.nodes.map((node) => [node.id, node])),
    below: Map.groupBy(storage.edges, ({ from }) => from),
    carrying: new Set(storage.edges.map(({ to }) => to)),
  };
  for (const node of storage.nodes) {
    const bytes = bytesOf(node, { layers, used, whole });
    if (bytes === 0) continue;
    for (const [disk, share] of shares(layers, node.id))
      totals.set(disk, (totals.get(disk) ?? 0) + bytes * share);
  }
  return {
    whole,
    disks: disks.map(({ number, path, sizeBytes }) => ({
      number,
      path,
      sizeBytes,
      usedBytes: Math.min(sizeBytes, Math.round(totals.get(diskId(number)) ?? 0)),
    })),
  };
}

type Layers = {
  readonly nodes: ReadonlyMap<NodeId, BlockNode>;
  readonly below: ReadonlyMap<NodeId, readonly { readonly to: NodeId }[]>;
  /** Nodes that something lies on. */
  readonly carrying: ReadonlySet<NodeId>;
};

type Reading = {
  readonly layers: Layers;
  readonly used: ReadonlyMap<NodeId, number>;
  readonly whole: NodeId[];
};

/** Of swap only the header is sent. What lies above a container is counted there; LUKS is sent whole. */
function bytesOf({ id, holds, sizeBytes }: BlockNode, { layers, used, whole }: Reading): number {
  const known = used.get(id);
  switch (holds.kind) {
    case "filesystem":
      if (known === undefined) whole.push(id);
      return known ?? sizeBytes;
    case "luks":
      whole.push(id);
      return sizeBytes;
    case "opaque":
    case "unknown":
    case "md-member":
    case "lvm-pv":
      // An array or group that nobody started, or something unknown: all of it is sent.
      if (layers.carrying.has(id)) return 0;
      whole.push(id);
      return sizeBytes;
    case "disk":
    case "partition":
    case "swap":
    case "lvm-lv":
    case "crypt":
    case "md":
      return 0;
  }
}

/** Of each byte of a node so much lies on each disk: 1 on each disk of a mirror. What lies in LUKS was counted there. */
function shares({ nodes, below: layers }: Layers, id: NodeId): ReadonlyMap<NodeId, number> {
  const result = new Map<NodeId, number>();
  const todo: { id: NodeId; share: number }[] = [{ id, share: 1 }];
  for (let steps = 0; steps < 1000; steps += 1) {
    const next = todo.pop();
    if (next === undefined) break;
    const node = nodes.get(next.id);
    const below = layers.get(next.id) ?? [];
    if (node === undefined || (node.holds.kind === "luks" && next.id !== id)) continue;
    if (node.holds.kind === "disk") result.set(node.id, (result.get(node.id) ?? 0) + next.share);
    const copies = node.holds.kind === "md" ? copiesOf(node.holds.level, below.length) : 1;
    for (const { to } of below) todo.push({ id: to, share: (next.share * copies) / below.length });
  }
  return result;
}

/** Bytes on all members together for one byte of the array (md(4)). */
function copiesOf(level: string, members: number): number {
  const parity = { raid4: 1, raid5: 1, raid6: 2 }[level];
  if (parity !== undefined) return members > parity ? members / (members - parity) : 1;
  if (level === "raid1") return members;
  return level === "raid10" ? Math.min(2, members) : 1;
}
