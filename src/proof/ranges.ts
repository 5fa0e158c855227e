// SPDX-License-Identifier: Apache-2.0
// Which ranges of a source the proof hashes besides what is copied. Pure.
import {
  type BlockGraph,
  diskSegments,
  normalizeRanges,
  type Range,
  type SourceDisk,
} from "../core/index.ts";

const MIB = 2 ** 20;

/**
 * Whole MiB around what the overlay touched. A cell of the copy that holds one touched byte cannot be compared with its
 * hash; cells are 1 MiB (up to 8 TiB of disk), so all of such a cell is hashed here instead.
 */
export function grown(touched: readonly Range[], sizeBytes: number): Range[] {
  return normalizeRanges(
    touched.map(({ start, end }) => ({
      start: Math.floor(start / MIB) * MIB,
      end: Math.min(sizeBytes, Math.ceil(end / MIB) * MIB),
    })),
  );
}

/** First and last MiB of the disk, of each partition, and of each gap between: tables, boot code, superblocks, headers. */
export function frameRanges(disk: SourceDisk, storage: BlockGraph | undefined): Range[] {
  const pieces: Range[] = [{ start: 0, end: disk.sizeBytes }];
  for (const node of storage?.nodes ?? []) {
    if (node.holds.kind !== "partition") continue;
    const found = diskSegments(storage ?? { nodes: [], edges: [] }, node.id);
    if (found.kind === "unmapped") continue;
    for (const segment of found.segments) {
      if (storage?.nodes.find(({ id }) => id === segment.disk)?.path !== disk.path) continue;
      pieces.push({ start: segment.to, end: segment.to + segment.length });
    }
  }
  // The end of one piece and the start of the next: both sides of every border are in.
  return normalizeRanges(
    pieces.flatMap(({ start, end }) =>
      [start, end].map((border) => ({
        start: Math.max(0, border - MIB),
        end: Math.min(disk.sizeBytes, border + MIB),
      })),
    ),
  );
}
