// SPDX-License-Identifier: Apache-2.0
// Which bytes of each disk must be sent. All are, but those that a parsed file system, swap area or volume group
// calls free: gaps, tables, EBRs, tails, headers and boot code are data because nobody says otherwise.
import {
  alignOut,
  type BlockGraph,
  type BlockNode,
  contiguousExtent,
  diskId,
  type DiskSegment,
  type ExtentMap,
  fromRanges,
  makeProblem,
  memberRanges,
  named,
  type NodeId,
  type OpenedCrypt,
  type Problem,
  type Range,
} from "../../core/index.ts";
import { type FreeSpace, unknownFree } from "./free.ts";
import { readBtrfsFree } from "./free-btrfs.ts";
import { readFatFree } from "./free-fat.ts";
import { readExtFree } from "./free-ext.ts";
import { hasPartclone, readPartcloneFree } from "./free-partclone.ts";
import { readXfsFree } from "./free-xfs.ts";
import { withInsides } from "../storage/luks/luks.ts";
import { heardReader, openReader, type Reader } from "../storage/reader.ts";
import { readGroupSpaces } from "./groups.ts";
import { clearReader, segmentsOfCopies, type UsedContext, type Volume } from "./volumes.ts";
import { withWoven, wovenMembers } from "./woven.ts";

export type UsedMaps = {
  /** By disk number; `data` and `unused` only, in multiples of 4096 bytes. */
  readonly maps: ReadonlyMap<number, ExtentMap>;
  /** One for each volume that is copied whole though it may have free space. */
  readonly notes: readonly Problem[];
};

type Input = {
  readonly graph: BlockGraph;
  /** Disk number -> path of its raw view: a device, an image, or a file of the overlay. Nothing may be mounted on it, but for `isHint`. */
  readonly views: ReadonlyMap<number, string>;
  /** LUKS volumes that are open; of others in the graph nothing is known to be free. */
  readonly opened?: readonly OpenedCrypt[];
  readonly signal: AbortSignal;
  /** The disks are in use: what comes of it is likely, and no more. Absent: they are not. */
  readonly isHint?: boolean;
  /** Told of what is read of a disk: it is what the maps rest on. */
  readonly onRead?: (disk: number, range: Range) => void;
};

const ALIGN_BYTES = 4096;
/** The header of swap is one page; the largest page of any kernel is 64 KiB. */
const SWAP_HEADER_BYTES = 65_536;

/** Reads the maps of all volumes at once. Call it on the views after conversion: new files lie in blocks that were free. */
export async function readUsedMaps({
  graph,
  views,
  opened = [],
  signal,
  isHint = false,
  onRead,
}: Input): Promise<UsedMaps> {
  await using scope = new AsyncDisposableStack();
  const readers = new Map<NodeId, Reader>();
  const paths = new Map<NodeId, string>();
  for (const [number, path] of views) {
    const node = graph.nodes.find(({ id }) => id === diskId(number));
    if (node === undefined) throw new TypeError(`There is no disk ${number} in the graph`);
    const reader = scope.use(await openReader(path, node.sizeBytes));
    readers.set(
      node.id,
      onRead === undefined ? reader : heardReader(reader, (range) => onRead(number, range)),
    );
    paths.set(node.id, path);
  }
  const clear = withInsides(graph, withWoven(graph, readers), opened);
  const context: UsedContext = { graph, readers, clear, paths, signal, isHint };
  const volumes = volumesOf(graph, clear);
  const groups = await readGroupSpaces(context);
  const found = await Promise.all(
    volumes.map(async (volume) => ({
      ...volume,
      free: groups.needed.has(volume.below) ? unknownFree(NEEDED) : await readFree(volume, context),
    })),
  );
  const claims = [...found, ...groups.volumes];
  const members = wovenMembers(graph, readers);
  const shared = findShared([...claims, ...members]);
  const notes: Problem[] = [];
  const unused = new Map<NodeId, Range[]>();
  for (const claim of claims) {
    const free = shared.has(claim) ? unknownFree("it shares bytes with another volume") : claim.free;
    if (free.kind === "free") for (const segments of claim.copies) addFree(unused, segments, free.ranges);
    else notes.push(...noteWhole(claim.node, free.why));
  }
  for (const member of members)
    if (shared.has(member)) notes.push(...noteWhole(member.node, "it shares bytes with another volume"));
    else
      for (const segments of member.copies)
        addFree(unused, segments, memberRanges(member.weave, unused.get(member.array) ?? []));
  const maps = new Map<number, ExtentMap>();
  for (const [number] of views) {
    const node = diskId(number);
    const size = readers.get(node)?.sizeBytes ?? 0;
    const map = fromRanges(size, unused.get(node) ?? [], { kind: "unused", rest: "data" });
    maps.set(number, alignOut(map, ALIGN_BYTES));
  }
  return { maps, notes };
}

/** Contents above partitions, disks, mirrors and plain logical volumes; those whose disks are not all here are left out. */
function volumesOf(graph: BlockGraph, clear: ReadonlyMap<NodeId, Reader>): readonly Volume[] {
  const volumes: Volume[] = [];
  for (const node of graph.nodes) {
    if (CONTAINERS.has(node.holds.kind) || isOpened(graph, node)) continue;
    const copies = segmentsOfCopies(graph, node.id, clear);
    if (copies === null) continue;
    const below = graph.edges.find(({ from }) => from === node.id)?.to ?? node.id;
    volumes.push({ node, below, copies });
  }
  return volumes;
}

const CONTAINERS: ReadonlySet<string> = new Set(["disk", "partition", "md", "crypt", "lvm-lv", "lvm-pv"]);

/** A member whose array is known, an open LUKS volume: what lies in it says what is free, and all else is data. */
const isOpened = (graph: BlockGraph, { id, holds }: BlockNode): boolean =>
  (holds.kind === "md-member" || holds.kind === "luks") && graph.edges.some(({ to }) => to === id);

const NEEDED = "another volume needs its old contents";

async function readFree({ node }: Volume, context: UsedContext): Promise<FreeSpace> {
  const { graph, paths, signal, isHint } = context;
  const { holds, sizeBytes } = node;
  if (holds.kind === "swap")
    return holds.hibernated
      ? unknownFree("a hibernated system lies in it")
      : {
          kind: "free",
          ranges: sizeBytes > SWAP_HEADER_BYTES ? [{ start: SWAP_HEADER_BYTES, end: sizeBytes }] : [],
        };
  if (holds.kind === "opaque") return unknownFree(holds.why);
  if (holds.kind === "luks") return unknownFree("it is encrypted");
  if (holds.kind === "md-member") return unknownFree("it is part of a RAID array");
  if (holds.kind !== "filesystem") return unknownFree("its contents are not known");
  const reader = clearReader(context, node);
  if (reader === null) return unknownFree("it is encrypted");
  switch (holds.type) {
    case "ext2":
    case "ext3":
    case "ext4":
      return await readExtFree(reader, { signal, isHint });
    case "xfs":
      return await readXfsFree(reader, { signal, isHint });
    case "btrfs":
      return await readBtrfsFree(reader, { signal });
    case "vfat":
      return await readFatFree(reader, { signal, isHint });
    default:
  }
  if (!hasPartclone(holds.type)) return unknownFree(`the free space of ${holds.type} is not known`);
  const extent = contiguousExtent(graph, node.id);
  if (extent.kind === "unmapped") return unknownFree(extent.why);
  const path = paths.get(extent.disk);
  if (path === undefined) return unknownFree("its disk is not here");
  return await readPartcloneFree(holds.type, { path, offset: extent.start, sizeBytes }, { signal });
}

/** Volumes of which some byte belongs to another volume too: tables may overlap, and metadata may lie. */
function findShared<T extends Volume>(claims: readonly T[]): ReadonlySet<T> {
  const all = claims.flatMap((claim) => claim.copies.flat().map((segment) => ({ claim, ...segment })));
  all.sort((a, b) => (a.disk === b.disk ? a.to - b.to : a.disk < b.disk ? -1 : 1));
  const shared = new Set<T>();
  let reach: (typeof all)[number] | null = null;
  for (const one of all) {
    if (reach !== null && reach.disk === one.disk && one.to < reach.to + reach.length) {
      shared.add(one.claim);
      shared.add(reach.claim);
    }
    if (reach === null || reach.disk !== one.disk || one.to + one.length > reach.to + reach.length)
      reach = one;
  }
  return shared;
}

/** Puts the free ranges of a volume to their places on the disks. Both lists are in order. */
function addFree(
  unused: Map<NodeId, Range[]>,
  segments: readonly DiskSegment[],
  free: readonly Range[],
): void {
  let next = 0;
  for (const segment of segments) {
    const list = unused.get(segment.disk) ?? [];
    unused.set(segment.disk, list);
    const end = segment.from + segment.length;
    for (let i = next; i < free.length; i += 1) {
      const range = free[i];
      if (range === undefined || range.start >= end) break;
      if (range.end <= segment.from) {
        next = i + 1;
        continue;
      }
      const start = Math.max(range.start, segment.from) - segment.from + segment.to;
      list.push({ start, end: Math.min(range.end, end) - segment.from + segment.to });
    }
  }
}

/** Small things are not worth a line. */
const WORTH_A_NOTE_BYTES = 64 * 2 ** 20;

function noteWhole(node: BlockNode, why: string): Problem[] {
  if (
    node.holds.kind === "opaque" &&
    (node.holds.content === "by-design" || node.sizeBytes < WORTH_A_NOTE_BYTES)
  )
    return [];
  return [
    makeProblem("volume-whole", {
      about: named("node", node.id),
      text: `${node.id} on ${node.path} is copied whole: ${why}`,
      advice: "Nothing is to be done; it takes longer than copying used blocks only",
    }),
  ];
}
