// SPDX-License-Identifier: Apache-2.0
// What a copy must read again, by a record: all that was written, and all that became used or unused. Pure.
import { complement, normalizeRanges, type Range } from "../core/index.ts";

type Known = { readonly used: readonly Range[]; readonly written: readonly Range[] };

/**
 * Normal. `used`: by the maps as they are now. A block may have become used without a write, by a map that was late, and unused by
 * a file's end: the image has zeros where the earlier copy saw nothing in use, so either is a change.
 */
export function findChanged(known: Known, used: readonly Range[], sizeBytes: number): readonly Range[] {
  return normalizeRanges([...known.written, ...without(used, known.used), ...without(known.used, used)]).map(
    ({ start, end }) => ({ start, end: Math.min(end, sizeBytes) }),
  );
}

/** The bytes of `ranges` that are in none of `others`; both normal. One pass over both. */
function without(ranges: readonly Range[], others: readonly Range[]): Range[] {
  const out: Range[] = [];
  let at = 0;
  for (const range of ranges) {
    while ((others[at]?.end ?? Number.POSITIVE_INFINITY) <= range.start) at += 1;
    let last = at;
    while ((others[last]?.start ?? Number.POSITIVE_INFINITY) < range.end) last += 1;
    out.push(...complement(others.slice(at, last), range));
  }
  return out;
}
