// SPDX-License-Identifier: Apache-2.0
// Where a node of the block graph lies among the views: one run of bytes, or several in order. Pure.
import {
  type BlockGraph,
  copiesOf,
  baseNodes,
  diskSegments,
  findNode,
  type NodeId,
  type SourceDisk,
} from "../../core/index.ts";

export type ViewOfDisk = {
  readonly disk: SourceDisk;
  readonly path: string;
  /** What it shows is not the disk but this node, the inside of a LUKS volume or a woven array; `disk` tells its size. */
  readonly inside?: NodeId;
};

/** Bytes [start, end) of a view. */
export type Part = { readonly view: ViewOfDisk; readonly start: number; readonly end: number };

/** The parts follow each other without gap; no part is empty. */
export type Place = readonly Part[];

/** A line of a device-mapper table each; more would take the kernel seconds. */
const MAX_PARTS = 16_384;

/** The insides of LUKS volumes and woven arrays that must be open to show a node; nested ones are not looked through. */
export function insidesBelow(node: NodeId, graph: BlockGraph): readonly NodeId[] {
  const bases = baseNodes(graph);
  if (bases.size === 0) return [];
  const found = diskSegments(graph, node, { bases });
  if (found.kind === "unmapped") return [];
  return [...new Set(found.segments.map(({ disk }) => disk))].filter((id) => bases.has(id));
}

/**
 * All places of a node: one, or one on each member of a mirror, or why no device can show it. Inside LUKS they lie in the
 * views of insides.
 */
export function placesOf(
  node: NodeId,
  graph: BlockGraph,
  views: readonly ViewOfDisk[],
): readonly Place[] | { readonly unavailable: string } {
  const bases = baseNodes(graph);
  const count = copiesOf(graph, node, { bases });
  if (count === null) return { unavailable: `parts of ${node} are kept more often than others` };
  const places: Place[] = [];
  for (let copy = 0; copy < count; copy += 1) {
    const place = placeOf(node, graph, { views, copy, bases });
    if ("unavailable" in place) return place;
    places.push(place);
  }
  return places;
}

type Where = {
  readonly views: readonly ViewOfDisk[];
  readonly copy: number;
  readonly bases: ReadonlySet<NodeId>;
};

/** Where a node lies among the views, below a mirror on its member number `copy`. */
function placeOf(
  node: NodeId,
  graph: BlockGraph,
  { views, copy, bases }: Where,
): Place | { readonly unavailable: string } {
  const found = diskSegments(graph, node, { copy, bases });
  if (found.kind === "unmapped") return { unavailable: found.why };
  const { segments } = found;
  if (segments.length === 0) return { unavailable: `${node} is empty` };
  if (segments.length > MAX_PARTS) return { unavailable: `${node} lies in ${segments.length} pieces` };
  const parts: Part[] = [];
  for (const segment of segments) {
    const view = views.find((one) =>
      bases.has(segment.disk)
        ? one.inside === segment.disk
        : one.inside === undefined && one.disk.path === findNode(graph, segment.disk)?.path,
    );
    if (view === undefined)
      return { unavailable: `${node} lies on ${segment.disk}, which is not among the disks` };
    const { sizeBytes, sectorBytes } = view.disk;
    const [start, end] = [segment.to, segment.to + segment.length];
    if (end > sizeBytes)
      return { unavailable: `${node} reaches to byte ${end}, and the disk ends at ${sizeBytes}` };
    const isAligned = start % sectorBytes === 0 && (segments.length === 1 || end % sectorBytes === 0);
    if (!isAligned || start >= end) return { unavailable: `${node} does not begin at a sector of its disk` };
    parts.push({ view, start, end });
  }
  return parts;
}

export const sizeOf = (place: Place): number => place.reduce((sum, { start, end }) => sum + end - start, 0);

/** Do they share a byte? Then only one of them may be a device: two page caches would differ. */
export function overlap(a: Place, b: Place): boolean {
  return a.some((one) =>
    b.some((other) => one.view.path === other.view.path && one.start < other.end && other.start < one.end),
  );
}

export function isSamePlace(a: Place, b: Place): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index];
      return one.view.path === other?.view.path && one.start === other.start && one.end === other.end;
    })
  );
}
