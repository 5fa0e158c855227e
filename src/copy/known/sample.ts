// SPDX-License-Identifier: Apache-2.0
// A random sample of what a copy does not read again, compared with what is at the destination: a record that has gaps is found out
// before anything rests on it, unless the gap is small.
import { hash } from "node:crypto";
import { type Range, sumBytes } from "../../core/index.ts";
import { Slots } from "../../wire/index.ts";
import type { Lane } from "../lane.ts";
import type { Sample } from "../options.ts";
import type { Source } from "../source.ts";

const LEAST_PIECES = 10_000;
const LEAST_PIECE_BYTES = 4096;
const PART = 0.01;
const IN_FLIGHT = 16;

/** How large each piece is: 1 % in 10,000 pieces, between 4 KiB and a cell. Pure. */
export function pieceBytesFor(totalBytes: number, cellBytes: number): number {
  let piece = LEAST_PIECE_BYTES;
  while (piece * 2 <= cellBytes && piece * 2 * LEAST_PIECES <= totalBytes * PART) piece *= 2;
  return piece;
}

/** At least 10,000 pieces and 1 % of `ranges` (normal), one by chance in each part of equal length; all of it where it is small. Pure. */
export function choosePieces(
  ranges: readonly Range[],
  { cellBytes, random }: { readonly cellBytes: number; readonly random: () => number },
): readonly Range[] {
  const total = sumBytes(ranges);
  const pieceBytes = pieceBytesFor(total, cellBytes);
  const count = Math.max(LEAST_PIECES, Math.ceil((total * PART) / pieceBytes));
  const pieces = ranges.flatMap(({ start, end }) => {
    const first = Math.floor(start / pieceBytes);
    const last = Math.ceil(end / pieceBytes);
    return [{ first, last, start, end }];
  });
  const there = pieces.reduce((sum, { first, last }) => sum + last - first, 0);
  const chosen: Range[] = [];
  let before = 0;
  let stratum = 0;
  for (const { first, last, start, end } of pieces) {
    const strata = Math.min(count, there);
    for (; stratum < strata; stratum += 1) {
      const from = Math.floor((stratum * there) / strata);
      const until = Math.floor(((stratum + 1) * there) / strata);
      const at = from + Math.floor(random() * (until - from)) - before;
      if (from - before >= last - first) break;
      const index = first + Math.min(at, last - first - 1);
      chosen.push({
        start: Math.max(start, index * pieceBytes),
        end: Math.min(end, (index + 1) * pieceBytes),
      });
    }
    before += last - first;
  }
  return chosen;
}

/** Ends with the first piece that is not at the destination as it is here. */
export async function sampleCells(
  ranges: readonly Range[],
  {
    file,
    cellBytes,
    source,
    lane,
    signal,
  }: {
    readonly file: string;
    readonly cellBytes: number;
    readonly source: Source;
    readonly lane: Lane;
    readonly signal: AbortSignal;
  },
): Promise<Sample> {
  const pieces = choosePieces(ranges, { cellBytes, random: Math.random });
  const slots = new Slots(IN_FLIGHT);
  let missed: Range | null = null;
  let failed: { readonly error: unknown } | null = null;
  const one = async (piece: Range): Promise<void> => {
    const bytes = Buffer.alloc(piece.end - piece.start);
    await source.read(bytes, piece.start, [piece]);
    const { message } = await lane.request({ type: "hash-range", disk: file, ...piece });
    if (message.type !== "range-hash" || message.sha256 !== hash("sha256", bytes)) missed ??= piece;
  };
  for (const piece of pieces) {
    if (missed !== null || failed !== null) break;
    signal.throwIfAborted();
    await slots.take();
    one(piece)
      .catch((error: unknown) => void (failed ??= { error }))
      .finally(() => slots.give());
  }
  await slots.idle();
  if (failed !== null) throw (failed as { readonly error: unknown }).error;
  return { pieces: pieces.length, bytes: sumBytes(pieces), missed };
}
