// SPDX-License-Identifier: Apache-2.0
// Where a node of the block graph lies among the views: one run of bytes, or several in order. Pure.
import { type BlockGraph, diskSegments, findNode, type NodeId, type SourceDisk } from "../core/index.ts";

export type ViewOfDisk = { readonly disk: SourceDisk; readonly path: string };

/** Bytes [start, end) of a view. */
export type Part = { readonly view: ViewOfDisk; readonly start: number; readonly end: number };

/** The parts follow each other without gap; no part is empty. */
export type Place = readonly Part[];

/** A line of a device-mapper table each; more would take the kernel seconds. */
const MAX_PARTS = 16_384;

/** Where a node lies among the views, or why no device can show it. */
export function placeOf(
  node: NodeId,
  graph: BlockGraph,
  views: readonly ViewOfDisk[],
): Place | { readonly unavailable: string } {
  const found = diskSegments(graph, node);
  if (found.kind === "unmapped") return { unavailable: found.why };
  const { segments } = found;
  if (segments.length === 0) return { unavailable: `${node} is empty` };
  if (segments.length > MAX_PARTS) return { unavailable: `${node} lies in ${segments.length} pieces` };
  const parts: Part[] = [];
  for (const segment of segments) {
    const path = findNode(graph, segment.disk)?.path;
    const view = views.find(({ disk }) => disk.path === path);
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
    b.some(
      (other) =>
        one.view.disk.number === other.view.disk.number && one.start < other.end && other.start < one.end,
    ),
  );
}

export function isSamePlace(a: Place, b: Place): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index];
      return (
        one.view.disk.number === other?.view.disk.number && one.start === other.start && one.end === other.end
      );
    })
  );
}
