// SPDX-License-Identifier: Apache-2.0
// The hashes file of one disk: 32 bytes per cell, all zero where the cell is not durable. An entry is its own
// checksum: a torn one can only make a cell be sent again.
import type { FileHandle } from "node:fs/promises";
import { createHash } from "node:crypto";
import { cellCount, type Grid, HASH_BYTES, MAX_ENTRIES, zeroEntries } from "../../wire/index.ts";
import { coalesced } from "./coalesced.ts";
import { readFully, writeFully } from "./io.ts";

export const NOT_DURABLE = Buffer.alloc(HASH_BYTES);
const EMPTY_PAGE = Buffer.alloc(MAX_ENTRIES * HASH_BYTES);

export class Sidecar {
  readonly #file: FileHandle;
  readonly #grid: Grid;
  /** Several callers share one flush; it always begins after the call. */
  readonly sync: () => Promise<void>;

  constructor(file: FileHandle, grid: Grid) {
    this.#file = file;
    this.#grid = grid;
    this.sync = coalesced(() => file.datasync());
  }

  /** Entries of cells [first, last), at most MAX_ENTRIES of them. */
  async read(first: number, last: number): Promise<Buffer> {
    const page = Buffer.alloc((last - first) * HASH_BYTES);
    await readFully(this.#file, page, first * HASH_BYTES);
    return page;
  }

  async write(index: number, entry: Uint8Array): Promise<void> {
    await writeFully(this.#file, entry, index * HASH_BYTES);
  }

  async writeZeros(first: number, last: number): Promise<void> {
    for (const page of pages(first, last))
      await writeFully(this.#file, zeroEntries(this.#grid, page.first, page.last), page.first * HASH_BYTES);
  }

  /** Nothing is promised of cells [first, last) any more, and that is flushed. True when something had been. */
  async forget(first: number, last: number): Promise<boolean> {
    let changed = false;
    for (const page of pages(first, last)) {
      const entries = await this.read(page.first, page.last);
      if (entries.equals(EMPTY_PAGE.subarray(0, entries.length))) continue;
      await writeFully(this.#file, EMPTY_PAGE.subarray(0, entries.length), page.first * HASH_BYTES);
      changed = true;
    }
    if (changed) await this.sync();
    return changed;
  }

  /** Is nothing promised of any of these cells? */
  async isEmpty(first: number, last: number): Promise<boolean> {
    for (const page of pages(first, last)) {
      const entries = await this.read(page.first, page.last);
      if (!entries.equals(EMPTY_PAGE.subarray(0, entries.length))) return false;
    }
    return true;
  }

  /** SHA-256 over all entries; the number of cells that are not durable goes with it. */
  async root(): Promise<{ sha256: string; missing: number }> {
    const hash = createHash("sha256");
    let missing = 0;
    for (const page of pages(0, cellCount(this.#grid))) {
      const entries = await this.read(page.first, page.last);
      hash.update(entries);
      for (let at = 0; at < entries.length; at += HASH_BYTES)
        if (entries.subarray(at, at + HASH_BYTES).equals(NOT_DURABLE)) missing += 1;
    }
    return { sha256: hash.digest("hex"), missing };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function* pages(first: number, last: number): Generator<{ first: number; last: number }> {
  for (let at = first; at < last; at += MAX_ENTRIES)
    yield { first: at, last: Math.min(last, at + MAX_ENTRIES) };
}
