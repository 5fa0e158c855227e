// SPDX-License-Identifier: Apache-2.0
// Ranges of a disk with the SHA-256 they had, kept small: a terabyte is a million of them. Pure.
import { type Range, sumBytes } from "../core/index.ts";

/** `sha256` is of [start, end) as read, with zeros for the bytes that lie in none of `data`. */
export type HashedRange = Range & { readonly data: readonly Range[]; readonly sha256: Uint8Array };

const HASH_BYTES = 32;
const FIRST_ENTRIES = 1024;

/** Grows as it is filled; about 60 bytes for each range. */
export class SegmentLog {
  /** Per entry: start, end, index of its first number in #ranges, how many ranges (0: all of it is data). */
  #entries = new Float64Array(4 * FIRST_ENTRIES);
  #hashes = new Uint8Array(HASH_BYTES * FIRST_ENTRIES);
  readonly #ranges: number[] = [];
  #length = 0;
  #dataBytes = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes of disk that the hashes cover. */
  get dataBytes(): number {
    return this.#dataBytes;
  }

  add({ start, end, data, sha256 }: HashedRange): void {
    if (sha256.length !== HASH_BYTES) throw new RangeError(`A SHA-256 has 32 bytes, not ${sha256.length}`);
    if (this.#length * HASH_BYTES === this.#hashes.length) this.#grow();
    const [first] = data;
    const isWhole = data.length === 1 && first?.start === start && first.end === end;
    this.#entries.set([start, end, this.#ranges.length, isWhole ? 0 : data.length], this.#length * 4);
    if (!isWhole) for (const range of data) this.#ranges.push(range.start, range.end);
    this.#hashes.set(sha256, this.#length * HASH_BYTES);
    this.#length += 1;
    this.#dataBytes += sumBytes(data);
  }

  at(index: number): HashedRange {
    if (index < 0 || index >= this.#length) throw new RangeError(`There is no entry ${index}`);
    const [start = 0, end = 0, from = 0, count = 0] = this.#entries.subarray(index * 4, index * 4 + 4);
    const data: Range[] = count === 0 ? [{ start, end }] : [];
    for (let i = 0; i < count; i += 1)
      data.push({ start: this.#ranges[from + 2 * i] ?? 0, end: this.#ranges[from + 2 * i + 1] ?? 0 });
    return { start, end, data, sha256: this.#hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES) };
  }

  /** Indices in order of the disk, so that reading again is one pass. */
  inDiskOrder(): Uint32Array {
    const order = Uint32Array.from({ length: this.#length }, (_, index) => index);
    return order.toSorted((a, b) => (this.#entries[a * 4] ?? 0) - (this.#entries[b * 4] ?? 0));
  }

  #grow(): void {
    const entries = new Float64Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
    const hashes = new Uint8Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }
}
