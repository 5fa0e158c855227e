// SPDX-License-Identifier: Apache-2.0
// Half-open byte ranges and sorted sets of them. Pure.

/** Bytes from `start` up to, and without, `end`. Both are safe integers and `start <= end`. */
export type Range = { readonly start: number; readonly end: number };

/** Throws a RangeError unless `value` is a safe integer of at least 0; the one check a number gets on entry. */
export function checkBytes(value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${what} is not a byte count: ${value}`);
  return value;
}

export function sumBytes(ranges: readonly Range[]): number {
  let sum = 0;
  for (const range of ranges) sum += range.end - range.start;
  return sum;
}

/** Sorts, drops empty ranges and joins those that touch or overlap. */
export function normalizeRanges(ranges: readonly Range[]): Range[] {
  const sorted = ranges.filter((r) => r.end > r.start).toSorted((a, b) => a.start - b.start);
  const out: { start: number; end: number }[] = [];
  for (const range of sorted) {
    const last = out.at(-1);
    if (last !== undefined && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else out.push({ start: range.start, end: range.end });
  }
  return out;
}

/** The parts of `within` that no range covers. `ranges` must be normal. */
export function complement(ranges: readonly Range[], within: Range): Range[] {
  const out: Range[] = [];
  let at = within.start;
  for (const range of ranges) {
    if (range.end <= at) continue;
    if (range.start >= within.end) break;
    if (range.start > at) out.push({ start: at, end: range.start });
    at = Math.max(at, range.end);
  }
  if (at < within.end) out.push({ start: at, end: within.end });
  return out;
}

/** The bytes that are in both. Both must be normal. */
export function intersect(a: readonly Range[], b: readonly Range[]): Range[] {
  const out: Range[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return out;
    const start = Math.max(left.start, right.start);
    const end = Math.min(left.end, right.end);
    if (start < end) out.push({ start, end });
    if (left.end < right.end) i += 1;
    else j += 1;
  }
}
