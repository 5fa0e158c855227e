// SPDX-License-Identifier: Apache-2.0
// Volumes with contents of their own, where they lie on the disks, and how they are read: what the parts of used.ts share.
import {
  type BlockGraph,
  type BlockNode,
  copiesOf,
  baseNodes,
  type DiskSegment,
  diskSegments,
  type NodeId,
  type Range,
  wovenNodes,
} from "../../core/index.ts";
import type { FreeSpace } from "./free.ts";
import { type Reader, segmentReader } from "../storage/reader.ts";

/** Something with contents of its own: a file system, swap, an opaque partition, free extents of a volume group. */
export type Volume = {
  readonly node: BlockNode;
  /** The partition, disk or logical volume it lies on. */
  readonly below: NodeId;
  /** On a mirror each member has the same; read is the first, free is what is free on all. Never empty. */
  readonly copies: readonly (readonly DiskSegment[])[];
};

export type Claim = Volume & { readonly free: FreeSpace };

export type UsedContext = {
  readonly graph: BlockGraph;
  /** Of the disks: what they hold, encrypted where it is. */
  readonly readers: ReadonlyMap<NodeId, Reader>;
  /** These, and those of woven arrays and of the insides of LUKS volumes. */
  readonly clear: ReadonlyMap<NodeId, Reader>;
  readonly paths: ReadonlyMap<NodeId, string>;
  readonly signal: AbortSignal;
  /** Of disks in use. */
  readonly isHint: boolean;
};

/** Where a node lies, on disks or woven arrays: once, or on each member of a mirror. null: nobody can say, or not all is here. */
export function segmentsOfCopies(
  graph: BlockGraph,
  id: NodeId,
  readers: ReadonlyMap<NodeId, Reader>,
): readonly (readonly DiskSegment[])[] | null {
  const bases = new Set(wovenNodes(graph).keys());
  const count = copiesOf(graph, id, { bases });
  if (count === null) return null;
  const copies: (readonly DiskSegment[])[] = [];
  for (let copy = 0; copy < count; copy += 1) {
    const where = diskSegments(graph, id, { copy, bases });
    if (where.kind === "unmapped" || where.segments.some(({ disk }) => !readers.has(disk))) return null;
    copies.push(where.segments);
  }
  return copies;
}

/** The bytes of a node, decrypted; null: not all that they need is here. */
export function clearReader(
  { graph, clear }: Pick<UsedContext, "graph" | "clear">,
  node: BlockNode,
): Reader | null {
  const where = diskSegments(graph, node.id, { bases: baseNodes(graph) });
  if (where.kind === "unmapped" || where.segments.some(({ disk }) => !clear.has(disk))) return null;
  return segmentReader(where.segments, clear, node.sizeBytes);
}

/** The parts of a segment that lie in one of the ranges of its volume. */
export function cutSegment(segment: DiskSegment, ranges: readonly Range[]): DiskSegment[] {
  return ranges.flatMap((range) => {
    const start = Math.max(segment.from, range.start);
    const end = Math.min(segment.from + segment.length, range.end);
    if (start >= end) return [];
    return [{ ...segment, from: start, to: segment.to + (start - segment.from), length: end - start }];
  });
}
