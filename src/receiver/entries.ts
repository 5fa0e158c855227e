// SPDX-License-Identifier: Apache-2.0
// What is promised of a disk's cells: 32 bytes each, all zero where a cell is not durable. An entry is its own checksum: a
// torn one can only make a cell be sent again.
import { createHash } from "node:crypto";
import {
  cellCount,
  entriesBytes,
  entryAt,
  type Grid,
  isDurable,
  MAX_ENTRIES,
  zeroEntries,
} from "../wire/index.ts";
import { coalesced } from "./coalesced.ts";
import type { Cells, Hashes } from "./store.ts";

/** Entries of a range that are written at a time: half a MiB. */
const PAGE_ENTRIES = 16_384;
const NOTHING = Buffer.alloc(entriesBytes(PAGE_ENTRIES));

export class Entries {
  readonly #hashes: Hashes;
  readonly #grid: Grid;
  /** Several callers share one flush; it always begins after the call. */
  readonly flush: () => Promise<void>;

  constructor(hashes: Hashes, grid: Grid) {
    this.#hashes = hashes;
    this.#grid = grid;
    this.flush = coalesced(() => hashes.flush());
  }

  /** Entries of at most MAX_ENTRIES cells; of those behind the disk's end none. */
  async list({ first, count }: { readonly first: number; readonly count: number }): Promise<Buffer> {
    const last = Math.min(first + count, cellCount(this.#grid));
    return first < last ? await this.#hashes.read({ first, last }) : Buffer.alloc(0);
  }

  /** Not flushed. Of two for one cell the later one counts. */
  async keep(kept: ReadonlyMap<number, Uint8Array>): Promise<void> {
    const cells = [...kept.keys()].toSorted((a, b) => a - b);
    const runs: { first: number; entries: Uint8Array[] }[] = [];
    for (const cell of cells) {
      const entry = kept.get(cell) ?? NOTHING.subarray(0, entriesBytes(1));
      const run = runs.at(-1);
      if (run !== undefined && run.first + run.entries.length === cell) run.entries.push(entry);
      else runs.push({ first: cell, entries: [entry] });
    }
    await Promise.all(runs.map(({ first, entries }) => this.#hashes.write(first, Buffer.concat(entries))));
  }

  /** These cells are zero, and durable; not flushed. */
  async keepZeros(cells: Cells): Promise<void> {
    for (const { first, last } of pages(cells, PAGE_ENTRIES))
      await this.#hashes.write(first, zeroEntries(this.#grid, first, last));
  }

  /** Nothing is promised of these cells any more, and that is flushed. True: something had been. */
  async forget(cells: Cells): Promise<boolean> {
    if (await this.#hashes.isEmpty(cells)) return false;
    for (const page of pages(cells, PAGE_ENTRIES))
      if (!(await this.#hashes.isEmpty(page)))
        await this.#hashes.write(page.first, NOTHING.subarray(0, entriesBytes(page.last - page.first)));
    await this.flush();
    return true;
  }

  /** SHA-256 over all entries; the number of cells that are not durable goes with it. */
  async root(): Promise<{ readonly sha256: string; readonly missing: number }> {
    const hash = createHash("sha256");
    let missing = 0;
    for (const page of pages({ first: 0, last: cellCount(this.#grid) }, MAX_ENTRIES)) {
      const entries = await this.#hashes.read(page);
      hash.update(entries);
      for (let cell = 0; cell < page.last - page.first; cell += 1)
        if (!isDurable(entryAt(entries, cell))) missing += 1;
    }
    return { sha256: hash.digest("hex"), missing };
  }
}

function* pages({ first, last }: Cells, entries: number): Generator<Cells, void, undefined> {
  for (let at = first; at < last; at += entries) yield { first: at, last: Math.min(last, at + entries) };
}
