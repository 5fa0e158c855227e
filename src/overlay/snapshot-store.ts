// SPDX-License-Identifier: Apache-2.0
// The persistent store of a dm-snapshot: which chunks of the disk it holds, and where in the store they are.
// Format: linux/drivers/md/dm-snap-persistent.c, version 1.
import { open } from "node:fs/promises";
import { le, normalizeRanges, type Range, struct } from "../core/index.ts";

/** Small, since scattered metadata of file systems comes in blocks of 4 KiB. */
export const CHUNK_BYTES = 4096;

/** In units of chunks: of the disk, and of the store. */
export type StoredChunk = { readonly chunk: number; readonly at: number };

/** disk_header. */
const HEADER = struct({ magic: le.u32(0), valid: le.u32(4), version: le.u32(8), chunkSectors: le.u32(12) });
const MAGIC = 0x70416e53; // "SnAp", little-endian
/** disk_exception: chunks of the disk, and of the store; 0 ends the list. */
const ENTRY = struct({ chunk: le.count64(0), at: le.count64(8) });
const PER_AREA = CHUNK_BYTES / ENTRY.sizeBytes;

/** An area is one chunk of entries and the chunks they speak of; the first comes after the header. */
export const areaOffset = (area: number): number => (1 + area * (PER_AREA + 1)) * CHUNK_BYTES;

/** Error when this is not a valid store: it ran full, or is not one. */
export function parseStoreHeader(header: Uint8Array): void {
  const found = header.length < HEADER.sizeBytes ? null : HEADER.read(header);
  if (found?.magic !== MAGIC) throw new Error("This is not the store of a snapshot");
  const { valid, version, chunkSectors } = found;
  if (version !== 1) throw new Error(`The store of the snapshot has version ${version}, not 1`);
  if (chunkSectors !== CHUNK_BYTES / 512) throw new Error(`The store has chunks of ${chunkSectors} sectors`);
  if (valid !== 1) throw new Error("The store of the snapshot is not valid any more");
}

/** Entries of one area; `last`: the list ends here (the kernel zeroes an area before it begins it). */
export function parseArea(area: Uint8Array): {
  readonly chunks: readonly StoredChunk[];
  readonly last: boolean;
} {
  const chunks: StoredChunk[] = [];
  for (let at = 0; at + ENTRY.sizeBytes <= area.length; at += ENTRY.sizeBytes) {
    const entry = ENTRY.read(area, at);
    if (entry.at === 0) return { chunks, last: true };
    chunks.push(entry);
  }
  return { chunks, last: false };
}

/** All stored chunks, in order of the disk. No device may be above the store. */
export async function readStore(path: string): Promise<readonly StoredChunk[]> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const bytes = Buffer.alloc(CHUNK_BYTES);
  const readAt = async (position: number): Promise<void> => {
    const { bytesRead } = await file.read(bytes, 0, CHUNK_BYTES, position);
    bytes.fill(0, bytesRead);
  };
  await readAt(0);
  parseStoreHeader(bytes);
  const all: StoredChunk[] = [];
  for (let area = 0; areaOffset(area) < size; area += 1) {
    await readAt(areaOffset(area));
    const { chunks, last } = parseArea(bytes);
    for (const chunk of chunks) all.push(chunk);
    if (last) break;
  }
  return all.toSorted((a, b) => a.chunk - b.chunk);
}

/** As ranges of the disk, normal. */
export function rangesOf(chunks: readonly StoredChunk[], sizeBytes: number): readonly Range[] {
  return normalizeRanges(
    chunks.map(({ chunk }) => ({
      start: Math.min(chunk * CHUNK_BYTES, sizeBytes),
      end: Math.min((chunk + 1) * CHUNK_BYTES, sizeBytes),
    })),
  );
}
