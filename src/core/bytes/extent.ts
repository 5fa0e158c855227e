// SPDX-License-Identifier: Apache-2.0
// Extent maps: which bytes of a disk must be sent. An algebra on sorted runs; its laws are in extent.prop.test.ts.
import { checkBytes, type Range } from "./range.ts";

/** From low to high: merging two maps keeps the higher kind. */
export const EXTENT_KINDS = ["unused", "zero", "data"] as const;
export type ExtentKind = (typeof EXTENT_KINDS)[number];

export type Extent = { readonly start: number; readonly end: number; readonly kind: ExtentKind };

/** Runs cover [0, size) without gap or overlap, and neighbours differ in kind. An empty map has no runs. */
export type ExtentMap = { readonly size: number; readonly runs: readonly Extent[] };

const rank = (kind: ExtentKind): number => EXTENT_KINDS.indexOf(kind);

/** A map of one kind. */
export function uniform(size: number, kind: ExtentKind): ExtentMap {
  checkBytes(size, "Map size");
  return { size, runs: size === 0 ? [] : [{ start: 0, end: size, kind }] };
}

/** Adds a run behind the others, joined to the last one where both are of one kind. Maps have millions of runs. */
function append(runs: { start: number; end: number; kind: ExtentKind }[], run: Extent): void {
  if (run.start >= run.end) return;
  const last = runs.at(-1);
  if (last !== undefined && last.kind === run.kind) last.end = run.end;
  else runs.push({ start: run.start, end: run.end, kind: run.kind });
}

/** The runs must already cover [0, size). */
function joined(size: number, runs: Iterable<Extent>): ExtentMap {
  const out: { start: number; end: number; kind: ExtentKind }[] = [];
  for (const run of runs) append(out, run);
  return { size, runs: out };
}

/** A map in which `ranges` (any order, clipped to the map) are `kind` and all else is `rest`. */
export function fromRanges(
  size: number,
  ranges: readonly Range[],
  { kind, rest }: { kind: ExtentKind; rest: ExtentKind },
): ExtentMap {
  checkBytes(size, "Map size");
  const isSorted = ranges.every((range, i) => i === 0 || range.start >= (ranges[i - 1]?.start ?? 0));
  const runs: { start: number; end: number; kind: ExtentKind }[] = [];
  let at = 0;
  for (const range of isSorted ? ranges : ranges.toSorted((a, b) => a.start - b.start)) {
    const start = Math.max(at, range.start);
    const end = Math.min(size, range.end);
    if (start >= end) continue;
    append(runs, { start: at, end: start, kind: rest });
    append(runs, { start, end, kind });
    at = end;
  }
  append(runs, { start: at, end: size, kind: rest });
  return { size, runs };
}

/** At each byte the higher kind of both. The maps must be of one size. */
export function merge(a: ExtentMap, b: ExtentMap): ExtentMap {
  if (a.size !== b.size) throw new RangeError(`Maps of ${a.size} and ${b.size} bytes cannot be merged`);
  return joined(a.size, overlaps(a, b));
}

function* overlaps(a: ExtentMap, b: ExtentMap): Generator<Extent> {
  let i = 0;
  let j = 0;
  for (let at = 0; at < a.size; ) {
    const left = a.runs[i];
    const right = b.runs[j];
    if (left === undefined || right === undefined) throw new RangeError("Map does not cover its size");
    const end = Math.min(left.end, right.end);
    yield { start: at, end, kind: rank(left.kind) >= rank(right.kind) ? left.kind : right.kind };
    if (left.end === end) i += 1;
    if (right.end === end) j += 1;
    at = end;
  }
}

/** The part [start, end) as a map of its own, which starts at 0. */
export function clip(map: ExtentMap, range: Range): ExtentMap {
  const start = Math.max(0, range.start);
  const end = Math.min(map.size, range.end);
  if (start >= end) return { size: 0, runs: [] };
  const runs: Extent[] = [];
  for (let i = firstRunAt(map, start); i < map.runs.length; i += 1) {
    const run = map.runs[i];
    if (run === undefined || run.start >= end) break;
    runs.push({
      start: Math.max(run.start, start) - start,
      end: Math.min(run.end, end) - start,
      kind: run.kind,
    });
  }
  return { size: end - start, runs };
}

/** The maps one after the other. */
export function concat(maps: readonly ExtentMap[]): ExtentMap {
  const runs: Extent[] = [];
  let at = 0;
  for (const map of maps) {
    for (const run of map.runs) runs.push({ start: at + run.start, end: at + run.end, kind: run.kind });
    at += map.size;
  }
  return joined(at, runs);
}

/** `part` laid over `map` at `offset`: what the part says replaces what the map said. Clipped to the map. */
export function overlay(map: ExtentMap, part: ExtentMap, offset: number): ExtentMap {
  checkBytes(offset, "Offset");
  const end = Math.min(map.size, offset + part.size);
  if (offset >= map.size || part.size === 0) return map;
  const runs: { start: number; end: number; kind: ExtentKind }[] = [];
  for (const { start, end, kind } of map.runs) {
    if (start >= offset) break;
    append(runs, { start, end: Math.min(end, offset), kind });
  }
  for (const run of part.runs)
    append(runs, { start: offset + run.start, end: Math.min(end, offset + run.end), kind: run.kind });
  for (let i = firstRunAt(map, end); end < map.size && i < map.runs.length; i += 1) {
    const run = map.runs[i];
    if (run !== undefined) append(runs, { start: Math.max(run.start, end), end: run.end, kind: run.kind });
  }
  return { size: map.size, runs };
}

/** Grows `data` and then `zero` outwards to multiples of `unit`; no byte gets a lower kind. */
export function alignOut(map: ExtentMap, unit: number): ExtentMap {
  if (!Number.isSafeInteger(unit) || unit < 1) throw new RangeError(`Cells of ${unit} bytes`);
  const runs: { start: number; end: number; kind: ExtentKind }[] = [];
  // The cell that the runs so far end in, where they end inside it; it takes the highest kind that touches it.
  let open: { start: number; kind: ExtentKind } | null = null;
  for (const run of map.runs) {
    let start = run.start;
    if (open !== null) {
      if (rank(run.kind) > rank(open.kind)) open.kind = run.kind;
      if (run.end < open.start + unit) continue;
      start = open.start + unit;
      append(runs, { start: open.start, end: start, kind: open.kind });
      open = null;
    }
    const end = run.end - (run.end % unit);
    append(runs, { start, end, kind: run.kind });
    if (end < run.end) open = { start: end, kind: run.kind };
  }
  if (open !== null) append(runs, { start: open.start, end: map.size, kind: open.kind });
  return { size: map.size, runs };
}

/** The ranges of one kind, in order. */
export function rangesOf(map: ExtentMap, kind: ExtentKind): Range[] {
  return map.runs.filter((run) => run.kind === kind).map(({ start, end }) => ({ start, end }));
}

export function bytesOf(map: ExtentMap, kind: ExtentKind): number {
  let sum = 0;
  for (const run of map.runs) if (run.kind === kind) sum += run.end - run.start;
  return sum;
}

/** Index of the run that holds byte `at`, by binary search. */
function firstRunAt(map: ExtentMap, at: number): number {
  let low = 0;
  let high = map.runs.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const run = map.runs[middle];
    if (run !== undefined && run.end <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One cell of the disk's grid, with the ranges of data in it (disk offsets). Never empty of data. */
export type Chunk = { readonly start: number; readonly end: number; readonly data: readonly Range[] };

/** Cuts the data of a map along a grid of `unit` bytes: every data byte is in exactly one chunk, in order. */
export function* chunks(map: ExtentMap, unit: number): Generator<Chunk> {
  let cell = -1;
  let data: Range[] = [];
  const chunk = (): Chunk => ({ start: cell * unit, end: Math.min(map.size, (cell + 1) * unit), data });
  for (const run of map.runs) {
    if (run.kind !== "data") continue;
    for (let at = run.start; at < run.end; ) {
      const here = Math.floor(at / unit);
      if (here !== cell) {
        if (data.length > 0) yield chunk();
        cell = here;
        data = [];
      }
      const end = Math.min(run.end, (here + 1) * unit);
      data.push({ start: at, end });
      at = end;
    }
  }
  if (data.length > 0) yield chunk();
}
