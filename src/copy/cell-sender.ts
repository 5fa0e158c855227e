// SPDX-License-Identifier: Apache-2.0
// Brings one piece of work to the destination: read, hash, compare, compress, send, and again when it got damaged.
import { bytesOf, sumBytes, UserError } from "../core/index.ts";
import { cellBuffers, cellThreads, type Packed, type SharedBytes } from "../system/index.ts";
import { cellRange, type Grid, RootHash, zeroHash } from "../wire/index.ts";
import { touches, type Work } from "./cells.ts";
import { Compression } from "./compression.ts";
import type { CopyOptions, DiskToCopy } from "./options.ts";
import type { DurableEntries } from "./entries.ts";
import type { Lane } from "./lane.ts";
import type { RateLimit } from "./rate.ts";
import type { Source } from "./source.ts";

const MAX_TRIES = 3;

/** `send` resolves when the bytes are on their way, this when they are durable. */
export type Sent = { readonly durable: Promise<void> };

type DataWork = Extract<Work, { kind: "data" }>;
/** One cell in memory, until it is freed. */
type Cell = Packed & {
  readonly pure: boolean;
  readonly payload: SharedBytes;
  readonly workMs: number;
  readonly free: () => void;
};
type Keeping = { readonly work: DataWork; readonly lane: Lane; readonly sent: () => void };

type Parts = {
  readonly disk: DiskToCopy;
  readonly grid: Grid;
  readonly source: Source;
  readonly limit: RateLimit;
  readonly options: CopyOptions;
  /** Called whenever something became durable. */
  readonly onDurable: () => void;
};

export class CellSender {
  readonly root: RootHash;
  sentBytes = 0;
  cellsKept = 0;
  readBytes = 0;
  /** The destination has what it had after the copy that `known` of the disk tells of. */
  isKnown = false;
  /** What the destination had when it was connected last; null: nothing, it is new. */
  entries: DurableEntries | null = null;
  #doneBytes = 0;
  /**
   * Hashes of cells that were announced but are not durable, and first cells of such runs of zeros: after a broken
   * connection they come a second time. No more than lie in the windows of all lanes.
   */
  readonly #announced = new Map<number, Buffer | null>();
  readonly #totalBytes: number;
  readonly #compression: Compression;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.root = new RootHash(parts.grid);
    this.#totalBytes = bytesOf(parts.disk.map, "data");
    this.#compression = new Compression(parts.options.compress ?? "auto");
  }

  /** Data of this run is durable. */
  get isPartlyDurable(): boolean {
    return this.#doneBytes > 0;
  }

  send(work: Work, lane: Lane): Promise<Sent> {
    return work.kind === "zero" ? this.#sendZeros(work, lane) : this.#sendData(work, lane);
  }

  async #sendZeros({ first, last }: Extract<Work, { kind: "zero" }>, lane: Lane): Promise<Sent> {
    const runs = await this.#notZeroThere(first, last);
    if (!this.#announced.has(first)) this.root.zeros(first, last);
    this.#announced.set(first, null);
    const durable = Promise.all(runs.map((run) => this.#keepZero(run.first, run.last, lane)));
    return { durable: durable.then(() => void this.#announced.delete(first)) };
  }

  /** Of the cells [first, last), runs that the destination does not know to be zero. */
  async #notZeroThere(first: number, last: number): Promise<{ first: number; last: number }[]> {
    const { grid } = this.#parts;
    const { entries } = this;
    if (entries === null) return [{ first, last }];
    const runs: { first: number; last: number }[] = [];
    for (let index = first; index < last; index += 1) {
      if ((await entries.get(index)).equals(zeroHash(lengthOf(grid, index)))) continue;
      const run = runs.at(-1);
      if (run?.last === index) run.last = index + 1;
      else runs.push({ first: index, last: index + 1 });
    }
    return runs;
  }

  async #keepZero(first: number, last: number, lane: Lane): Promise<void> {
    const { disk, grid } = this.#parts;
    const range = { start: cellRange(grid, first).start, end: cellRange(grid, last - 1).end };
    for (let tries = 1; ; tries += 1) {
      const ack = await lane.keep({ type: "zero", disk: disk.file, ...range }, undefined, this.#count);
      if (ack.kind === "durable") return;
      if (tries >= MAX_TRIES) throw givenUp(ack.problem.text);
    }
  }

  async #sendData(work: DataWork, lane: Lane): Promise<Sent> {
    const { grid } = this.#parts;
    const { index, data } = work;
    const known = this.entries === null ? null : await this.entries.get(index);
    if (known !== null && this.#needNotRead(index)) {
      this.root.cell(index, known);
      this.cellsKept += 1;
      const { disk, options } = this.#parts;
      options.onUnread?.({ disk: disk.number, ...cellRange(grid, index), sha256: known, data });
      this.#done(index, sumBytes(data));
      return { durable: Promise.resolve() };
    }
    const cell = await this.#pack(work, known);
    const { sha256 } = cell;
    this.#tell(work, cell);
    const dataBytes = sumBytes(data);
    if (cell.codec === "same") {
      cell.free();
      this.cellsKept += 1;
      this.#done(index, dataBytes);
      return { durable: Promise.resolve() };
    }
    const sent = Promise.withResolvers<void>();
    let durable: Promise<void>;
    if (sha256.equals(zeroHash(lengthOf(grid, index)))) {
      cell.free();
      durable = this.#keepZero(index, index + 1, lane);
    } else durable = this.#keepCell(cell, { work, lane, sent: sent.resolve });
    const done = durable.then(() => this.#done(index, dataBytes));
    done.catch(() => undefined); // it is the caller's, who waits for `sent` first
    await Promise.race([sent.promise, done]);
    return { durable: done };
  }

  #needNotRead(index: number): boolean {
    const { disk, grid } = this.#parts;
    // What was read before the connection broke is compared with what it was then.
    if (!this.isKnown || disk.known === undefined || this.#announced.has(index)) return false;
    return !touches(disk.known.changed, cellRange(grid, index));
  }

  /** Once for each cell; when it comes again after a broken connection, it must be the same. */
  #tell({ index, data }: DataWork, { sha256, pure, free }: Cell): void {
    const { disk, grid, options } = this.#parts;
    const range = cellRange(grid, index);
    const announced = this.#announced.get(index);
    if (announced === undefined || announced === null) {
      this.root.cell(index, sha256);
      this.#announced.set(index, sha256);
      this.readBytes += sumBytes(data);
      options.onSegment?.({ disk: disk.number, ...range, sha256, data, pure });
    } else if (!announced.equals(sha256)) {
      free();
      throw changed(disk, range.start);
    }
  }

  async #keepCell(first: Cell, { work, lane, sent }: Keeping): Promise<void> {
    const { disk, grid } = this.#parts;
    const range = cellRange(grid, work.index);
    for (let tries = 1, cell = first; ; tries += 1) {
      const body = {
        type: "data",
        disk: disk.file,
        start: range.start,
        length: range.end - range.start,
        sha256: first.sha256.toString("hex"),
        codec: cell.codec === "zstd" ? "zstd" : "none",
        wireBytes: cell.payload.length,
      } as const;
      const { free, payload, workMs } = cell;
      const ready = performance.now();
      await this.#parts.limit.pass(payload.length, this.#parts.options.signal);
      const ack = await lane.keep(body, payload, (bytes) => {
        free();
        this.#count(bytes);
        this.#compression.count({ workMs, linkMs: performance.now() - ready });
        sent();
      });
      if (ack.kind === "durable") return;
      if (tries >= MAX_TRIES) throw givenUp(ack.problem.text);
      cell = await this.#pack(work, null); // the buffers hold another cell by now
      if (!cell.sha256.equals(first.sha256)) throw changed(disk, range.start);
    }
  }

  /** Reads and packs a cell, unless its hash is `known`. */
  async #pack({ index, data }: DataWork, known: Buffer | null): Promise<Cell> {
    const begun = performance.now();
    const { grid, source } = this.#parts;
    const { start, end } = cellRange(grid, index);
    const pool = cellBuffers();
    const bytes = pool.take(end - start).subarray(0, end - start);
    const { pure } = await source.read(Buffer.from(bytes.buffer, 0, bytes.length), start, data);
    const into = pool.take(end - start).subarray(0, end - start);
    const packed = await cellThreads().pack(bytes, into, { level: this.#compression.level, known });
    const [used, spare] = packed.codec === "zstd" ? [into, bytes] : [bytes, into];
    pool.give(spare);
    return {
      ...packed,
      pure,
      workMs: performance.now() - begun,
      payload: packed.codec === "zstd" ? used.subarray(0, packed.packedBytes) : used,
      free: () => pool.give(used),
    };
  }

  readonly #count = (bytes: number): void => {
    this.sentBytes += bytes;
  };

  #done(index: number, bytes: number): void {
    this.#announced.delete(index);
    this.#doneBytes += bytes;
    this.#parts.onDurable();
    this.#parts.options.emit({
      type: "progress",
      phase: "copy",
      disk: this.#parts.disk.file,
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      sentBytes: this.sentBytes,
    });
  }
}

function lengthOf(grid: Grid, index: number): number {
  const { start, end } = cellRange(grid, index);
  return end - start;
}

function givenUp(text: string): UserError {
  return new UserError("cell-differs", `${text}; sent ${MAX_TRIES} times`, {
    advice:
      "The destination's disk or memory is failing, or the network is: check that machine, and choose another",
  });
}

function changed(disk: DiskToCopy, at: number): UserError {
  return new UserError(
    "source-changed",
    `Disk ${disk.number} gave other bytes at ${at} when it was read again`,
    {
      advice: "Something writes to the source, or it is failing: find out which before you go on",
    },
  );
}
