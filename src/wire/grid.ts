// SPDX-License-Identifier: Apache-2.0
// A disk is a grid of cells of one segment size; the last cell may be shorter. Both sides count in cells. Pure.
import { createHash } from "node:crypto";
import type { Range } from "../core/index.ts";
import { entriesBytes } from "./entries.ts";

const MIB = 2 ** 20;

/** The segment sizes a job may choose; it is fixed per job. */
export const SEGMENT_BYTES = [MIB, 2 * MIB, 4 * MIB, 8 * MIB] as const;

/** Larger disks would have more than 9 PB of offsets or 256 MiB of hashes: refused on both sides. */
export const MAX_CELLS = 2 ** 24;

/** Up to here a disk has segments of 1 MiB: what differs is then a smaller part of it. */
const SMALL_DISK_BYTES = 4 * 2 ** 30;

/**
 * 1 MiB for small disks, else 4 MiB: a fifth less CPU time at both ends, and a little fewer bytes. From 32 TiB on 8 MiB,
 * so that the hashes of one disk stay within 256 MiB.
 */
export function segmentBytesFor(sizeBytes: number): number {
  if (sizeBytes <= SMALL_DISK_BYTES) return MIB;
  return sizeBytes / (4 * MIB) <= 2 ** 23 ? 4 * MIB : 8 * MIB;
}

export type Grid = { readonly sizeBytes: number; readonly segmentBytes: number };

export function cellCount(grid: Grid): number {
  return Math.ceil(grid.sizeBytes / grid.segmentBytes);
}

/** How long the whole list of a disk's hashes is. */
export function hashesBytes(grid: Grid): number {
  return entriesBytes(cellCount(grid));
}

export function cellRange(grid: Grid, index: number): Range {
  const start = index * grid.segmentBytes;
  return { start, end: Math.min(grid.sizeBytes, start + grid.segmentBytes) };
}

/** The cell that is exactly [start, end), or null. */
export function cellAt(grid: Grid, { start, end }: Range): number | null {
  const index = start / grid.segmentBytes;
  if (!Number.isInteger(index) || index < 0 || start >= grid.sizeBytes) return null;
  return cellRange(grid, index).end === end ? index : null;
}

/** The cells [first, last) that are exactly [start, end), or null. */
export function cellsOf(grid: Grid, { start, end }: Range): { first: number; last: number } | null {
  if (end > grid.sizeBytes) return null;
  const first = start / grid.segmentBytes;
  const last = end === grid.sizeBytes ? cellCount(grid) : end / grid.segmentBytes;
  if (!Number.isInteger(first) || !Number.isInteger(last) || first < 0 || first >= last) return null;
  return { first, last };
}

const zeroHashes = new Map<number, Buffer>();

/** SHA-256 of `length` zero bytes; what a cell without data has. */
export function zeroHash(length: number): Buffer {
  const known = zeroHashes.get(length);
  if (known !== undefined) return known;
  const hash = createHash("sha256");
  const zeros = Buffer.alloc(Math.min(length, MIB));
  for (let left = length; left > 0; left -= zeros.length) hash.update(zeros.subarray(0, left));
  const digest = hash.digest();
  if (zeroHashes.size < 64) zeroHashes.set(length, digest);
  return digest;
}

/** The hashes of cells [first, last) when all of them are zero, one after the other. */
export function zeroEntries(grid: Grid, first: number, last: number): Buffer {
  const out = Buffer.alloc(entriesBytes(last - first));
  if (out.length === 0) return out;
  const end = cellRange(grid, last - 1);
  out.fill(zeroHash(grid.segmentBytes));
  out.set(zeroHash(end.end - end.start), out.length - entriesBytes(1));
  return out;
}
