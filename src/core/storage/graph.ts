// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a node of the block graph lie on the disks. Pure; the graph may be hostile: loops are bounded.
import type { BlockEdge, BlockGraph, BlockNode, NodeId, Weave } from "../machine.ts";
import type { Range } from "../bytes/range.ts";

/** `length` bytes at `from` in the node lie at `to` on the disk node `disk`. */
export type DiskSegment = {
  readonly disk: NodeId;
  readonly from: number;
  readonly to: number;
  readonly length: number;
};

/** Segments in the node's order, joined where they can be, without gap or overlap; or why there are none. */
export type DiskSegments =
  | { readonly kind: "mapped"; readonly segments: readonly DiskSegment[] }
  | { readonly kind: "unmapped"; readonly why: string };

export type DiskExtent = { readonly disk: NodeId; readonly start: number; readonly end: number };

const MAX_DEPTH = 16;
const MAX_SEGMENTS = 100_000;

export function findNode(graph: BlockGraph, id: NodeId): BlockNode | null {
  return graph.nodes.find((node) => node.id === id) ?? null;
}

/** The one node that a node lies on; null: on none, or on several. */
export function onlyBelow(graph: BlockGraph, id: NodeId): BlockNode | null {
  const [edge, ...others] = graph.edges.filter(({ from }) => from === id);
  return edge === undefined || others.length > 0 ? null : findNode(graph, edge.to);
}

const CONTENTS: ReadonlySet<BlockNode["holds"]["kind"]> = new Set([
  "filesystem",
  "swap",
  "luks",
  "lvm-pv",
  "md-member",
]);

/** The file system, swap, LUKS ... on a disk, partition or volume; the node itself where it is one, or nothing lies on it. */
export function contentOf(graph: BlockGraph, id: NodeId): NodeId {
  const isContent = (node: NodeId): boolean => CONTENTS.has(findNode(graph, node)?.holds.kind ?? "opaque");
  if (isContent(id)) return id;
  return graph.edges.find(({ from, to }) => to === id && isContent(from))?.from ?? id;
}

type Way = {
  /** Below a mirror (md raid1) by the member of this number; all hold the same bytes. Default: 0. */
  readonly copy?: number;
  /** Nodes that are taken for disks: nothing below them is looked at. Default: none. */
  readonly bases?: ReadonlySet<NodeId>;
};

const NO_BASES: ReadonlySet<NodeId> = new Set();

/** What lies there in a word or two, for people: `xfs`, `swap`, `a LUKS volume`; null: nobody knows. */
export function contentTitle({ holds }: BlockNode): string | null {
  switch (holds.kind) {
    case "filesystem":
      return holds.type;
    case "swap":
      return "swap";
    case "luks":
      return "a LUKS volume";
    case "lvm-pv":
      return "a physical volume of LVM";
    case "md-member":
      return "a part of a software RAID";
    case "disk":
    case "partition":
    case "lvm-lv":
    case "crypt":
    case "md":
    case "unknown":
    case "opaque":
      return null;
  }
}

/** All that lies on a node, at whatever height, in the graph's order; a hostile graph may have circles. */
export function nodesAbove({ nodes, edges }: BlockGraph, id: NodeId): readonly BlockNode[] {
  const seen = new Set([id]);
  for (const below of seen) for (const { from, to } of edges) if (to === below) seen.add(from);
  return nodes.filter((node) => node.id !== id && seen.has(node.id));
}

/**
 * Follows the edges of a node down to the disks. That is where its bytes lie, not what they are: inside an opened LUKS
 * volume they are encrypted. To read or write them, stop at `baseNodes`.
 */
export function diskSegments(
  graph: BlockGraph,
  id: NodeId,
  { copy = 0, bases = NO_BASES }: Way = {},
): DiskSegments {
  const node = findNode(graph, id);
  if (node === null) return unmapped(`There is no node ${id}`);
  return segmentsOf({ graph, copy, bases }, node, { start: 0, end: node.sizeBytes }, 0);
}

/** Nodes that need a device of their own: insides of opened LUKS volumes (a cipher), and woven arrays (`Weave`). */
export function baseNodes(graph: BlockGraph): ReadonlySet<NodeId> {
  const crypts = graph.nodes.flatMap(({ id, holds }) => (holds.kind === "crypt" ? [id] : []));
  return new Set([...crypts, ...wovenNodes(graph).keys()]);
}

/**
 * How many times the bytes of a node are there: 1 but for what lies on mirrors. null: parts of it more often than others,
 * or it is a mirror of mirrors.
 */
export function copiesOf(
  graph: BlockGraph,
  id: NodeId,
  { bases = NO_BASES }: Pick<Way, "bases"> = {},
): number | null {
  const counts = new Set<number>();
  const seen = new Set<NodeId>();
  const open: { readonly id: NodeId; readonly above: boolean }[] = [{ id, above: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next.id)) continue;
    seen.add(next.id);
    const edges = bases.has(next.id) ? [] : graph.edges.filter(({ from }) => from === next.id);
    const mirror = isMirror(findNode(graph, next.id));
    if (mirror && next.above) return null;
    if (mirror) counts.add(edges.length);
    else if (edges.length === 0 && !next.above) counts.add(1);
    for (const { to } of edges) open.push({ id: to, above: mirror || next.above });
  }
  const [only = 1, ...more] = counts;
  return more.length > 0 ? null : only;
}

const isMirror = (node: BlockNode | null): boolean =>
  node?.holds.kind === "md" && node.holds.level === "raid1";

/** The one run of bytes on one disk that a node is, readable there; or why it is not. */
export function contiguousExtent(
  graph: BlockGraph,
  id: NodeId,
): ({ readonly kind: "extent" } & DiskExtent) | { readonly kind: "unmapped"; readonly why: string } {
  const bases = baseNodes(graph);
  const found = diskSegments(graph, id, { bases });
  if (found.kind === "unmapped") return found;
  const [only, ...others] = found.segments;
  if (only === undefined) return unmapped(`${id} is empty`);
  if (bases.has(only.disk)) return unmapped(`${id} lies encrypted or woven on its disks`);
  if (others.length > 0) return unmapped(`${id} lies in ${found.segments.length} pieces`);
  return { kind: "extent", disk: only.disk, start: only.to, end: only.to + only.length };
}

const unmapped = (why: string): { kind: "unmapped"; why: string } => ({ kind: "unmapped", why });

type Walk = Required<Way> & { readonly graph: BlockGraph };

function segmentsOf(way: Walk, node: BlockNode, range: Range, depth: number): DiskSegments {
  const { graph, copy, bases } = way;
  if (depth > MAX_DEPTH) return unmapped(`${node.id} is part of a circle`);
  if (range.start < 0 || range.end > node.sizeBytes)
    return unmapped(`Bytes ${range.start}-${range.end} lie outside ${node.id} (${node.sizeBytes} bytes)`);
  const isBase = bases.has(node.id);
  const all = isBase ? [] : graph.edges.filter((edge) => edge.from === node.id);
  const edges = isMirror(node) ? all.slice(copy, copy + 1) : all;
  if (edges.length === 0) {
    if (node.holds.kind !== "disk" && !isBase) return unmapped(`Nothing says where ${node.id} lies`);
    const length = range.end - range.start;
    return {
      kind: "mapped",
      segments: length === 0 ? [] : [{ disk: node.id, from: range.start, to: range.start, length }],
    };
  }
  const pieces = piecesWithin(edges, range);
  if (pieces === null) return unmapped(`${node.id} is not a plain part of its disks`);
  const out: DiskSegment[] = [];
  let at = range.start;
  for (const piece of pieces) {
    if (piece.from < at) return unmapped(`${node.id} is kept more than once`);
    if (piece.from > at) break;
    const below = findNode(graph, piece.node);
    if (below === null) return unmapped(`There is no node ${piece.node}`);
    const inner = segmentsOf(way, below, { start: piece.to, end: piece.to + piece.length }, depth + 1);
    if (inner.kind === "unmapped") return inner;
    for (const segment of inner.segments)
      append(out, { ...segment, from: segment.from - piece.to + piece.from });
    if (out.length > MAX_SEGMENTS) return unmapped(`${node.id} lies in more than ${MAX_SEGMENTS} pieces`);
    at = piece.from + piece.length;
  }
  if (at < range.end) return unmapped(`Nothing says where byte ${at} of ${node.id} lies`);
  return { kind: "mapped", segments: out };
}

type Piece = { readonly node: NodeId; readonly from: number; readonly to: number; readonly length: number };

/** The mappings of all edges cut to `range`, sorted; null when an edge has no mapping. */
function piecesWithin(edges: readonly BlockEdge[], range: Range): Piece[] | null {
  const pieces: Piece[] = [];
  for (const edge of edges) {
    if (edge.map === null) return null;
    for (const mapping of edge.map) {
      const start = Math.max(range.start, mapping.from);
      const end = Math.min(range.end, mapping.from + mapping.length);
      if (start >= end) continue;
      pieces.push({
        node: edge.to,
        from: start,
        to: mapping.to + (start - mapping.from),
        length: end - start,
      });
    }
  }
  return pieces.toSorted((a, b) => a.from - b.from);
}

function append(segments: DiskSegment[], next: DiskSegment): void {
  const last = segments.at(-1);
  if (
    last !== undefined &&
    last.disk === next.disk &&
    last.to + last.length === next.to &&
    last.from + last.length === next.from
  )
    segments[segments.length - 1] = { ...last, length: last.length + next.length };
  else segments.push(next);
}

/** The nodes whose bytes are woven, with how. */
export function wovenNodes(graph: BlockGraph): ReadonlyMap<NodeId, Weave> {
  return new Map(
    graph.nodes.flatMap(({ id, holds }) =>
      holds.kind === "md" && holds.weave !== undefined ? [[id, holds.weave] as const] : [],
    ),
  );
}
