// SPDX-License-Identifier: Apache-2.0
// What must happen to each cell of a disk, in order: its data ranges are read and sent, runs without data become zero.
import { chunks, type ExtentMap, type Range } from "../core/index.ts";
import { cellCount, type Grid } from "../wire/index.ts";

export type Work =
  | { readonly kind: "data"; readonly index: number; readonly data: readonly Range[] }
  /** Cells [first, last). */
  | { readonly kind: "zero"; readonly first: number; readonly last: number };

/** One message covers at most so many zero cells: 64 GiB at 1 MiB, written by the agent in milliseconds. */
const MAX_ZERO_CELLS = 65_536;

/** Every cell of the grid once, in order. Pure. */
export function* cellWork(
  map: ExtentMap,
  grid: Grid,
  { maxZeroBytes = Number.POSITIVE_INFINITY }: { maxZeroBytes?: number } = {},
): Generator<Work, void, undefined> {
  const most = Math.max(1, Math.min(MAX_ZERO_CELLS, Math.floor(maxZeroBytes / grid.segmentBytes)));
  let next = 0;
  for (const chunk of chunks(map, grid.segmentBytes)) {
    const index = chunk.start / grid.segmentBytes;
    yield* zeroWork(next, index, most);
    yield { kind: "data", index, data: chunk.data };
    next = index + 1;
  }
  yield* zeroWork(next, cellCount(grid), most);
}

function* zeroWork(first: number, last: number, most: number): Generator<Work, void, undefined> {
  for (let at = first; at < last; at += most)
    yield { kind: "zero", first: at, last: Math.min(last, at + most) };
}

/** The parts of `ranges` that lie in `touched`, and the others. Both inputs normal; `touched` may be long. Pure. */
export function splitRanges(
  ranges: readonly Range[],
  touched: readonly Range[],
): { readonly range: Range; readonly touched: boolean }[] {
  const out: { range: Range; touched: boolean }[] = [];
  for (const range of ranges) {
    let at = range.start;
    for (let i = firstEndingAfter(touched, range.start); at < range.end; i += 1) {
      const one = touched[i];
      if (one === undefined || one.start >= range.end) {
        out.push({ range: { start: at, end: range.end }, touched: false });
        break;
      }
      if (one.start > at) out.push({ range: { start: at, end: one.start }, touched: false });
      const start = Math.max(at, one.start);
      const end = Math.min(range.end, one.end);
      if (end > start) out.push({ range: { start, end }, touched: true });
      at = Math.max(at, end);
    }
  }
  return out;
}

/** Does one of `ranges` (normal) reach into `range`? Pure. */
export function touches(ranges: readonly Range[], range: Range): boolean {
  const found = ranges[firstEndingAfter(ranges, range.start)];
  return found !== undefined && found.start < range.end;
}

function firstEndingAfter(ranges: readonly Range[], at: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle];
    if (range !== undefined && range.end <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
