// SPDX-License-Identifier: Apache-2.0
// What lies on the given disks: tables, partitions, volumes and what they hold, as the block graph.
import {
  arrayId,
  baseNodes,
  type BlockGraph,
  type BlockNode,
  diskId,
  diskSegments,
  type LuksKey,
  makeProblem,
  named,
  type NodeId,
  type OpenedCrypt,
  otherId,
  type Problem,
  type SourceDisk,
  volumeId,
} from "../../core/index.ts";
import { addDisks } from "./disks.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { assembleGroups, type FoundGroup, readPvs } from "./lvm/lvm.ts";
import { missingOf } from "./lvm/missing.ts";
import { keyProblems, unlockVolumes } from "./luks/luks.ts";
import { assembleArrays, type FoundMember } from "./md/md.ts";
import { readMdMember } from "./md/superblock.ts";
import { addPartitions } from "./partitions.ts";
import { type Content, probeRange, probeReader } from "./probe.ts";
import { openReader, partReader, type Reader, segmentReader } from "./reader.ts";
import { readTable } from "./table/table.ts";
import { weaveReader } from "./md/weave-reader.ts";

export type DiskGraph = {
  readonly graph: BlockGraph;
  readonly problems: readonly Problem[];
  /** LUKS volumes that a key opened; those below others first. Their keys are nowhere in the graph. */
  readonly opened: readonly OpenedCrypt[];
};

/** Each volume is probed; a hostile text could name a hundred thousand. */
const MAX_VOLUMES = 1024;

/**
 * Looks at all disks, read-only. Nodes: `disk:1`, `disk:1/part:2`, their contents as nodes above (`disk:1/part:2/fs`),
 * logical volumes `lv:vg0/root` over all their disks; with `keys`, what LUKS volumes hold (`.../luks/crypt`). UserErrors:
 * `image-truncated` where a partition is not all there, `luks-key-wrong` where a key opens nothing.
 */
export async function readDiskGraph(
  disks: readonly SourceDisk[],
  { keys = [], signal }: { readonly keys?: readonly LuksKey[]; readonly signal: AbortSignal },
): Promise<DiskGraph> {
  await using scope = new AsyncDisposableStack();
  const graph = new GraphBuilder();
  const readers = new Map<NodeId, Reader>();
  for (const { number, path, sizeBytes } of disks)
    readers.set(diskId(number), scope.use(await openReader(path, sizeBytes)));
  await addDisks(graph, { disks, readers, signal });
  await addArrays(graph, { readers, signal });
  // Volumes of LVM may lie in LUKS, and LUKS in volumes of LVM.
  const opened = await unlockVolumes(graph, { keys, readers, signal });
  await addVolumes(graph, { readers, signal });
  opened.push(...(await unlockVolumes(graph, { keys, readers, signal })));
  await addVolumes(graph, { readers, signal });
  graph.problems.push(...keyProblems(graph, keys));
  return { graph: { nodes: graph.nodes, edges: graph.edges }, problems: graph.problems, opened };
}

type AddArrays = { readonly readers: Map<NodeId, Reader>; readonly signal: AbortSignal };

/** What is on them begins where their data do. Woven ones get a reader of their own. */
async function addArrays(graph: GraphBuilder, { readers, signal }: AddArrays): Promise<void> {
  const found: (FoundMember & { readonly reader: Reader })[] = [];
  for (const { node, reader } of graph.members) {
    const member = await readMdMember(reader);
    if (member !== null) found.push({ node, member, reader });
  }
  const { arrays, problems } = assembleArrays(found);
  graph.problems.push(...problems);
  for (const { uuid, name, level, members, weave } of arrays) {
    signal.throwIfAborted();
    const [first] = members;
    const reader = found.find(({ node }) => node === first?.node)?.reader;
    const below = graph.nodes.find(({ id }) => id === first?.node);
    if (first === undefined || reader === undefined || below === undefined) continue;
    const isTaken = graph.nodes.some((node) => node.id === arrayId(name));
    const id = arrayId(isTaken || name === "" ? uuid : name);
    const { path, sectorBytes } = below;
    const about = { kind: "md", uuid, name, level } as const;
    if (weave !== null) {
      const parts = weave.members.map(
        (member) => found.find(({ node }) => node === member?.node)?.reader ?? null,
      );
      const woven = weaveReader(weave, parts);
      const { sizeBytes } = woven;
      const node: BlockNode = { id, path, sizeBytes, sectorBytes, holds: { ...about, weave } };
      graph.nodes.push(node);
      for (const { node: to } of members) graph.edges.push({ from: id, to, map: null });
      readers.set(id, woven);
      await addInside(graph, { node, reader: woven, signal });
      continue;
    }
    const { start, sizeBytes } = first.member.data;
    const node: BlockNode = { id, path, sizeBytes, sectorBytes, holds: about };
    graph.nodes.push(node);
    for (const { node: to, member } of members)
      graph.edges.push({ from: id, to, map: [{ from: 0, to: member.data.start, length: sizeBytes }] });
    const data = partReader(reader, start, sizeBytes);
    await addInside(graph, { node, reader: data, signal });
  }
}

type Inside = { readonly node: BlockNode; readonly reader: Reader; readonly signal: AbortSignal };

/** An array holds one thing mostly, or has partitions (/dev/md127p1, /dev/md_d0p1). */
async function addInside(graph: GraphBuilder, { node, reader, signal }: Inside): Promise<void> {
  const content = await probeReader(reader, { signal });
  const table =
    content.kind === "nothing"
      ? await readTable(reader, { sectorBytes: node.sectorBytes, title: node.id })
      : null;
  if (table === null || table.partitions.length === 0) {
    await graph.addContent(node, content, reader);
    return;
  }
  graph.problems.push(...table.problems);
  const probe = (start: number, length: number): Promise<Content> =>
    probeReader(partReader(reader, start, length), { signal });
  await addPartitions(graph, { on: node, partitions: table.partitions, reader, probe });
}

type AddVolumes = { readonly readers: ReadonlyMap<NodeId, Reader>; readonly signal: AbortSignal };

/** The groups of the physical volumes found since the last call. */
async function addVolumes(graph: GraphBuilder, { readers, signal }: AddVolumes): Promise<void> {
  const { groups, problems } = assembleGroups(await readPvs(graph.pvs.splice(0)));
  graph.problems.push(...problems);
  const bases = baseNodes(graph);
  for (const found of groups)
    for (const { node, why } of volumeNodes(graph, found)) {
      signal.throwIfAborted();
      const where = diskSegments(graph, node.id, { bases });
      if (why !== null || where.kind === "unmapped") {
        graph.addHolds(node, { kind: "opaque", why: why ?? (where.kind === "unmapped" ? where.why : "") });
        continue;
      }
      const reader = segmentReader(where.segments, readers, node.sizeBytes);
      const [first, ...more] = where.segments;
      const disk = graph.nodes.find(({ id }) => id === first?.disk);
      const content =
        more.length === 0 && first !== undefined && disk?.holds.kind === "disk"
          ? await probeRange(disk.path, { offset: first.to, sizeBytes: node.sizeBytes }, { signal })
          : await probeReader(reader, { signal });
      await graph.addContent(node, content, reader);
    }
}

type AddedVolume = { readonly node: BlockNode; readonly why: string | null };

/** Adds the visible volumes of a group with their edges to the physical volumes. */
function volumeNodes(graph: GraphBuilder, { group, nodes }: FoundGroup): readonly AddedVolume[] {
  const visible = group.volumes.filter((volume) => volume.visible && volume.sizeBytes > 0);
  if (visible.length > MAX_VOLUMES)
    graph.problems.push(
      makeProblem("lvm-many-volumes", {
        about: named("volume-group", group.name),
        text: `${group.name} has ${visible.length} logical volumes; only the first ${MAX_VOLUMES} are looked into`,
        advice: "The others are copied whole",
      }),
    );
  const added: AddedVolume[] = [];
  for (const volume of visible.slice(0, MAX_VOLUMES)) {
    const below = volume.pvs.flatMap((uuid) => nodes.get(uuid) ?? []);
    const first = graph.nodes.find(({ id }) => id === below[0]);
    if (first === undefined) continue;
    const name = `${group.name}/${volume.name}`;
    const id = volumeId(name);
    const isTaken = graph.nodes.some((node) => node.id === id);
    const node: BlockNode = {
      id: isTaken ? otherId(id, group.uuid) : id,
      path: first.path,
      sizeBytes: volume.sizeBytes,
      sectorBytes: first.sectorBytes,
      holds: { kind: "lvm-lv", uuid: volume.uuid, name, ...missingOf(volume, group, nodes) },
    };
    graph.nodes.push(node);
    const { pieces } = volume;
    const isHere = below.length === volume.pvs.length;
    const why = "why" in pieces ? pieces.why : isHere ? null : "a physical volume of it is missing";
    added.push({ node, why });
    for (const [uuid, to] of nodes) {
      if (!volume.pvs.includes(uuid)) continue;
      const own = "why" in pieces || !isHere ? null : pieces.filter((piece) => piece.pv === uuid);
      const map = own === null ? null : own.map(({ from, to: at, length }) => ({ from, to: at, length }));
      graph.edges.push({ from: node.id, to, map });
    }
  }
  return added;
}
