// SPDX-License-Identifier: Apache-2.0
// Arrays whose bytes are woven over their members in chunks: RAID 0, 5 and 10. Pure.
// Source: linux, drivers/md/raid0.c (map_sector, one zone), raid5.c (raid5_compute_sector), raid10.c (__raid10_find_phys).
import type { Weave } from "../machine.ts";
import { normalizeRanges, type Range } from "./range.ts";

/** A chunk on a member: number `row` of its chunks. */
export type ChunkPlace = { readonly member: number; readonly row: number };

/** After `rows` rows of chunks the pattern begins anew, with `chunks` chunks of data in between. */
function period({ level, layout, members }: Weave): { rows: number; chunks: number } {
  const count = members.length;
  if (level === "raid0") return { rows: 1, chunks: count };
  if (level === "raid5") return { rows: 1, chunks: count - 1 };
  const common = gcd(count, layout);
  return { rows: layout / common, chunks: count / common };
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Bytes of the array. */
export function weaveBytes(weave: Weave): number {
  const { level, layout, chunkBytes, memberBytes, members } = weave;
  const chunks = memberBytes / chunkBytes;
  if (level === "raid10") return Math.floor((chunks * members.length) / layout) * chunkBytes;
  return chunks * period(weave).chunks * chunkBytes;
}

/** Where a chunk of the array lies: one place, or each of its copies. */
export function chunkPlaces({ level, layout, members }: Weave, chunk: number): readonly ChunkPlace[] {
  const count = members.length;
  if (level === "raid0") return [{ member: chunk % count, row: Math.floor(chunk / count) }];
  if (level === "raid10")
    return Array.from({ length: layout }, (_, copy) => {
      const at = chunk * layout + copy;
      return { member: at % count, row: Math.floor(at / count) };
    });
  const row = Math.floor(chunk / (count - 1));
  const place = chunk % (count - 1);
  const turn = row % count;
  const parity = layout % 2 === 0 ? count - 1 - turn : turn; // left-handed layouts are even
  const isSymmetric = layout >= 2;
  const member = isSymmetric ? (parity + 1 + place) % count : place >= parity ? place + 1 : place;
  return [{ member, row }];
}

/** Can all bytes be told from the members that are here? */
export function isReadable(weave: Weave): boolean {
  const missing = weave.members.filter((member) => member === null).length;
  if (weave.level !== "raid10") return missing <= (weave.level === "raid5" ? 1 : 0);
  const { chunks } = period(weave);
  return Array.from({ length: chunks }, (_, chunk) => chunkPlaces(weave, chunk)).every((places) =>
    places.some(({ member }) => weave.members[member] !== null),
  );
}

/**
 * Ranges of each member's data (the same on each) that hold nothing but bytes of these ranges of the array, with their
 * copies and parity.
 */
export function memberRanges(weave: Weave, ranges: readonly Range[]): readonly Range[] {
  const { rows, chunks } = period(weave);
  const [arrayBytes, memberBytes] = [chunks * weave.chunkBytes, rows * weave.chunkBytes];
  return normalizeRanges(ranges).flatMap(({ start, end }) => {
    const [first, last] = [Math.ceil(start / arrayBytes), Math.floor(end / arrayBytes)];
    const until = Math.min(last * memberBytes, weave.memberBytes);
    return first * memberBytes < until ? [{ start: first * memberBytes, end: until }] : [];
  });
}
