// SPDX-License-Identifier: Apache-2.0
// A set of a disk's cells: 2 MiB for the largest disk, and no more, whatever a sender does.

const PAGE_CELLS = 32_768;

export class CellSet {
  readonly #pages = new Map<number, Uint8Array>();

  has(cell: number): boolean {
    const byte = this.#pages.get(Math.floor(cell / PAGE_CELLS))?.[(cell % PAGE_CELLS) >> 3] ?? 0;
    return (byte & bitOf(cell)) !== 0;
  }

  add(cell: number): void {
    const number = Math.floor(cell / PAGE_CELLS);
    const page = this.#pages.get(number) ?? new Uint8Array(PAGE_CELLS / 8);
    this.#pages.set(number, page);
    const at = (cell % PAGE_CELLS) >> 3;
    page[at] = (page[at] ?? 0) | bitOf(cell);
  }

  delete(cell: number): void {
    const page = this.#pages.get(Math.floor(cell / PAGE_CELLS));
    if (page === undefined) return;
    const at = (cell % PAGE_CELLS) >> 3;
    page[at] = (page[at] ?? 0) & ~bitOf(cell);
  }

  /** Is one of [first, last) in it? */
  hasAny({ first, last }: { readonly first: number; readonly last: number }): boolean {
    return this.#within(first, last).some(() => true);
  }

  deleteAll({ first, last }: { readonly first: number; readonly last: number }): void {
    for (const cell of this.#within(first, last)) this.delete(cell);
  }

  /** Only pages that exist are looked at. */
  *#within(first: number, last: number): Generator<number, void, undefined> {
    for (const [number, page] of this.#pages) {
      const from = Math.max(first, number * PAGE_CELLS);
      const to = Math.min(last, (number + 1) * PAGE_CELLS);
      for (let cell = from; cell < to; cell += 1)
        if (((page[(cell % PAGE_CELLS) >> 3] ?? 0) & bitOf(cell)) !== 0) yield cell;
    }
  }
}

const bitOf = (cell: number): number => 1 << (cell & 7);
