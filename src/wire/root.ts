// SPDX-License-Identifier: Apache-2.0
// The root hash of a disk: SHA-256 over the hashes of its cells, in order. Cells may become known in any order.
import { createHash } from "node:crypto";
import { HASH_BYTES } from "./entries.ts";
import { cellCount, type Grid, zeroEntries } from "./grid.ts";

/** Holds only what is ahead of the first unknown cell. */
export class RootHash {
  readonly #grid: Grid;
  readonly #hash = createHash("sha256");
  #next = 0;
  /** By first cell: one hash, or the last cell of a run of zero cells. */
  readonly #ahead = new Map<number, Uint8Array | number>();

  constructor(grid: Grid) {
    this.#grid = grid;
  }

  cell(index: number, hash: Uint8Array): void {
    if (hash.length !== HASH_BYTES || index < this.#next)
      throw new RangeError(`Cell ${index} is known already`);
    this.#ahead.set(index, hash);
    this.#advance();
  }

  /** Cells [first, last) are zero. */
  zeros(first: number, last: number): void {
    if (first < this.#next || last <= first)
      throw new RangeError(`Cells ${first} to ${last} are known already`);
    this.#ahead.set(first, last);
    this.#advance();
  }

  /** Hex. RangeError while a cell is missing. */
  digest(): string {
    if (this.#next !== cellCount(this.#grid)) throw new RangeError(`Cell ${this.#next} is not known`);
    return this.#hash.digest("hex");
  }

  #advance(): void {
    for (;;) {
      const known = this.#ahead.get(this.#next);
      if (known === undefined) return;
      this.#ahead.delete(this.#next);
      if (typeof known !== "number") {
        this.#hash.update(known);
        this.#next += 1;
        continue;
      }
      while (this.#next < known) {
        const last = Math.min(known, this.#next + 2048);
        this.#hash.update(zeroEntries(this.#grid, this.#next, last));
        this.#next = last;
      }
    }
  }
}
