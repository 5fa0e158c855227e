// SPDX-License-Identifier: Apache-2.0
// The list of a disk's hashes, as it lies in the hashes file and goes over the wire: one entry for each cell, at its index. Pure.

/** SHA-256, raw. */
export const HASH_BYTES = 32;

const NOT_DURABLE = Buffer.alloc(HASH_BYTES);

/** Of so many entries; also where the entry of this index begins. */
export const entriesBytes = (entries: number): number => entries * HASH_BYTES;

/** The entry of this index in a piece of the list; the piece's first has 0. */
export function entryAt(entries: Buffer, index: number): Buffer {
  return entries.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/** 32 zero bytes say that nothing is promised of the cell. */
export function isDurable(entry: Buffer): boolean {
  return !entry.equals(NOT_DURABLE);
}
