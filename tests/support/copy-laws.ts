// SPDX-License-Identifier: Apache-2.0
// Disks, contents and durable entries for the laws of the copy.
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { type ExtentMap, rangesOf } from "../../src/core/index.ts";
import { cellCount, type Frame, HASH_BYTES } from "../../src/wire/index.ts";

export const SEGMENT = 2 ** 20;

const range = (size: number): fc.Arbitrary<{ start: number; end: number }> =>
  fc.tuple(fc.nat(size), fc.nat(size)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

export const disk = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 1, 512, 4096, 70_000))
  .map(([cells, more]) => cells * SEGMENT - (more === 0 ? 0 : SEGMENT - more))
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      used: fc.array(range(size), { maxLength: 4 }),
      touched: fc.array(range(size), { maxLength: 2 }),
      later: fc.option(fc.array(range(size), { maxLength: 4 }), { nil: null }),
      seed: fc.nat(1000),
      lanes: fc.integer({ min: 1, max: 3 }),
      cuts: fc.array(fc.integer({ min: 100, max: 3 * SEGMENT }), { maxLength: 3 }),
    }),
  );

/** Bytes that compress partly, with whole blocks of zeros in them. */
export function content(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed * 2_654_435_761 + 1;
  for (let block = 0; block < size; block += 8192) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    if (state % 3 === 0) continue;
    const end = Math.min(size, block + 8192);
    if (state % 3 === 1) bytes.fill(`block ${block} of ${seed} `, block, end);
    else
      for (let at = block; at < end; at += 4) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        bytes.writeUInt8(state >>> 24, at);
      }
  }
  return bytes;
}

/** What the destination must hold. */
export function expected(
  map: ExtentMap,
  source: Buffer,
  view: Buffer,
  touched: readonly { start: number; end: number }[],
): Buffer {
  const merged = Buffer.from(source);
  for (const { start, end } of touched) view.copy(merged, start, start, end);
  const out = Buffer.alloc(map.size);
  for (const { start, end } of rangesOf(map, "data")) merged.copy(out, start, start, end);
  return out;
}

export const cellsOf = (bytes: Buffer): string[] =>
  Array.from({ length: cellCount({ sizeBytes: bytes.length, segmentBytes: SEGMENT }) }, (_, i) =>
    hash("sha256", bytes.subarray(i * SEGMENT, (i + 1) * SEGMENT), "hex"),
  );

const SIDECAR = "d-1.hashes.partial";

export async function durable(directory: string): Promise<string[]> {
  return entriesOf(await readFile(join(directory, SIDECAR)).catch(() => Buffer.alloc(0)));
}

export function durableNow(directory: string): string[] {
  const path = join(directory, SIDECAR);
  return existsSync(path) ? entriesOf(readFileSync(path)) : [];
}

function entriesOf(bytes: Buffer): string[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES).toString("hex"),
  );
}

export function assertNothingTwice(frames: readonly Frame[], before: readonly string[]): void {
  const sent = new Set<unknown>();
  for (const { head } of frames) {
    if (head["type"] !== "data") continue;
    assert.ok(!sent.has(head["start"]), `cell at ${String(head["start"])} was sent twice`);
    sent.add(head["start"]);
    assert.notEqual(before[Number(head["start"]) / SEGMENT], head["sha256"], "a durable cell was sent again");
  }
}
