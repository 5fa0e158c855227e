// SPDX-License-Identifier: Apache-2.0
// What a volume says is free: the only ground on which bytes are not sent.
import type { Range } from "../../core/index.ts";

/** Ranges are normal, in bytes of the volume; all other bytes are in use. `unknown`: the volume is copied whole. */
export type FreeSpace =
  | { readonly kind: "free"; readonly ranges: readonly Range[] }
  | { readonly kind: "unknown"; readonly why: string };

export type FreeOptions = {
  readonly signal: AbortSignal;
  /**
   * Of a mounted file system, whose kernel knows more than the disk: an open journal and numbers that do not agree are no
   * objection, since whoever asks compares all of it later. Absent: they are.
   */
  readonly isHint?: boolean;
};

export const unknownFree = (why: string): FreeSpace => ({ kind: "unknown", why });

/** More ranges than this cost more memory than the small ones save in bytes: then the small ones are dropped. */
const MAX_RANGES = 500_000;

/**
 * Collects free ranges in ascending order in bounded memory. Ranges below a least size are not worth a gap (one
 * page at first); when there are too many, that size doubles.
 */
export class FreeRanges {
  #ranges: { start: number; end: number }[] = [];
  #leastBytes = 4096;
  #totalBytes = 0;

  /** All bytes ever added, also of ranges that were dropped. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Throws RangeError when a range does not lie behind the one before: then the source of them is damaged. */
  add(start: number, end: number): void {
    if (start >= end) return;
    this.#totalBytes += end - start;
    const last = this.#ranges.at(-1);
    if (last !== undefined && start < last.end)
      throw new RangeError(`Free ranges out of order at byte ${start}`);
    if (last !== undefined && start === last.end) {
      last.end = end;
      return;
    }
    if (last !== undefined && last.end - last.start < this.#leastBytes) this.#ranges.pop();
    this.#ranges.push({ start, end });
    if (this.#ranges.length > MAX_RANGES) this.#thin();
  }

  #thin(): void {
    while (this.#ranges.length > MAX_RANGES / 2) {
      this.#leastBytes *= 2;
      this.#ranges = this.#ranges.filter((range) => range.end - range.start >= this.#leastBytes);
    }
  }

  ranges(): readonly Range[] {
    return this.#ranges.filter((range) => range.end - range.start >= this.#leastBytes);
  }
}
