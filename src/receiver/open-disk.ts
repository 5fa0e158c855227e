// SPDX-License-Identifier: Apache-2.0
// An open disk and its rules: which cells may be written, what must be forgotten first, and when it is complete.
import {
  cellAt,
  cellCount,
  cellRange,
  cellsOf,
  type DataMessage,
  type Grid,
  MAX_CELLS,
  MAX_HASH_RANGE_BYTES,
  type OpenMessage,
  ProtocolError,
  type ReadBack,
} from "../wire/index.ts";
import type { Range } from "../core/index.ts";
import { CellSet } from "./cell-set.ts";
import { coalesced } from "./coalesced.ts";
import { Entries } from "./entries.ts";
import type { Cells, Image, Store, StoredDisk } from "./store.ts";

export class OpenDisk implements AsyncDisposable {
  readonly name: string;
  readonly grid: Grid;
  /** Something may be durable from an earlier run. */
  readonly kept: boolean;
  readonly readBack: ReadBack;
  readonly entries: Entries;
  /** Several callers share one flush of the image; it always begins after the call. */
  readonly flush: () => Promise<void>;
  readonly #stored: StoredDisk;
  readonly #image: Image;
  /** Cells between their message and their acknowledgement: none may be written twice at once. */
  readonly #busy = new Set<number>();
  /** Ranges between their message and their acknowledgement. */
  readonly #busyRanges = new Set<Cells>();
  /** Cells whose writing failed: what is there now is not known, though the file is fresh. */
  readonly #unsure = new CellSet();

  private constructor(request: OpenMessage, grid: Grid, stored: StoredDisk) {
    this.name = request.disk;
    this.grid = grid;
    this.kept = !stored.fresh;
    this.readBack = stored.readBack;
    this.entries = new Entries(stored.hashes, grid);
    this.flush = coalesced(() => stored.image.flush());
    this.#stored = stored;
    this.#image = stored.image;
  }

  static async open(store: Store, request: OpenMessage): Promise<OpenDisk> {
    const grid: Grid = { sizeBytes: request.sizeBytes, segmentBytes: request.segmentBytes };
    if (cellCount(grid) > MAX_CELLS)
      throw new ProtocolError(`A disk of ${cellCount(grid)} cells is not accepted`);
    return new OpenDisk(request, grid, await store.open(request));
  }

  /** The cell that `message` is for, now busy. ProtocolError unless it is exactly one free cell. */
  claim(message: DataMessage): number {
    const index = cellAt(this.grid, { start: message.start, end: message.start + message.length });
    if (index === null)
      throw new ProtocolError(`${message.length} bytes at ${message.start} are not a cell of ${this.name}`);
    if (message.codec === "none" && message.wireBytes !== message.length)
      throw new ProtocolError(`A cell of ${message.length} bytes comes with ${message.wireBytes}`);
    if (message.wireBytes === 0) throw new ProtocolError("A cell comes without bytes");
    if (this.#busy.has(index)) throw this.#isBusy(index);
    for (const { first, last } of this.#busyRanges)
      if (index >= first && index < last) throw this.#isBusy(index);
    this.#busy.add(index);
    return index;
  }

  release(index: number, { sure }: { sure: boolean }): void {
    this.#busy.delete(index);
    if (sure) this.#unsure.delete(index);
    else this.#unsure.add(index);
  }

  /** The cells of a range, now busy. ProtocolError unless it is whole cells, all of them free. */
  claimRange(range: Range): Cells {
    const cells = cellsOf(this.grid, range);
    if (cells === null)
      throw new ProtocolError(`${range.start} to ${range.end} are not cells of ${this.name}`);
    for (const index of this.#busy) if (index >= cells.first && index < cells.last) throw this.#isBusy(index);
    for (const { first, last } of this.#busyRanges)
      if (first < cells.last && cells.first < last) throw this.#isBusy(Math.max(first, cells.first));
    this.#busyRanges.add(cells);
    return cells;
  }

  releaseRange(cells: Cells): void {
    this.#busyRanges.delete(cells);
  }

  #isBusy(index: number): ProtocolError {
    return new ProtocolError(`Cell ${index} of ${this.name} is being written already`);
  }

  /**
   * Unpacks and writes; not flushed. A durable cell that gets other content is not durable from before its first byte
   * changes. ReceiverProblem with `retry` when the bytes were damaged on their way.
   */
  async write(index: number, message: DataMessage, payload: Buffer): Promise<void> {
    const cells = { first: index, last: index + 1 };
    await this.#image.write(message, payload, { clean: await this.#isClean(cells) });
  }

  /** Makes cells read as zero; not flushed. False when nothing can have been there, so nothing was done. */
  async zero(cells: Cells): Promise<boolean> {
    if (await this.#isClean(cells)) return false;
    const range = {
      start: cellRange(this.grid, cells.first).start,
      end: cellRange(this.grid, cells.last - 1).end,
    };
    await this.#image.zero(range);
    this.#unsure.deleteAll(cells);
    return true;
  }

  /** Was nothing ever written there? Nothing is promised of these cells any more, and that is flushed. */
  async #isClean(cells: Cells): Promise<boolean> {
    const unsure = this.#unsure.hasAny(cells);
    const promised = await this.entries.forget(cells);
    return this.#stored.fresh && !unsure && !promised;
  }

  /** SHA-256 (hex) of what is on the disk now. ProtocolError for a range that nobody may ask for. */
  async hash({ start, end }: Range): Promise<string> {
    if (start >= end || end > this.grid.sizeBytes || end - start > MAX_HASH_RANGE_BYTES)
      throw new ProtocolError(`${start} to ${end} cannot be hashed`);
    return await this.#image.hash({ start, end });
  }

  /** The root hash, when every cell is durable; then all is flushed and closed. */
  async complete(): Promise<string> {
    const { sha256, missing } = await this.entries.root();
    if (missing > 0) throw new ProtocolError(`${missing} cells of ${this.name} are not durable`);
    await this.#stored.close();
    return sha256;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stored[Symbol.asyncDispose]();
  }
}
