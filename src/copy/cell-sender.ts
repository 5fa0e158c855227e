// SPDX-License-Identifier: Apache-2.0
// Brings one piece of work to the destination: read, hash, compare, compress, send, and again when it got damaged.
import { hash } from "node:crypto";
import { promisify } from "node:util";
import { constants as zlib, zstdCompress } from "node:zlib";
import { bytesOf, sumBytes, UserError } from "../core/index.ts";
import { cellRange, type Grid, RootHash, zeroHash } from "../wire/index.ts";
import type { Work } from "./cells.ts";
import type { CopyOptions, DiskToCopy } from "./copy.ts";
import type { DurableEntries } from "./entries.ts";
import type { Lane } from "./lane.ts";
import type { Source } from "./source.ts";

const zstd = promisify(zstdCompress);

const MAX_TRIES = 3;
/** What does not shrink below this part is sent as it is: unpacking would cost more than it saves. */
const WORTH = 0.95;

/** `send` resolves when its buffer is free again, this when the work is durable. */
export type Sent = { readonly durable: Promise<void> };

type Parts = {
  readonly disk: DiskToCopy;
  readonly grid: Grid;
  readonly source: Source;
  readonly options: CopyOptions;
  /** null: the destination is new. */
  readonly entries: DurableEntries | null;
};

export class CellSender {
  readonly root: RootHash;
  sentBytes = 0;
  cellsKept = 0;
  #doneBytes = 0;
  readonly #totalBytes: number;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.root = new RootHash(parts.grid);
    this.#totalBytes = bytesOf(parts.disk.map, "data");
  }

  send(work: Work, lane: Lane, buffer: Buffer): Promise<Sent> {
    return work.kind === "zero" ? this.#sendZeros(work, lane) : this.#sendData(work, lane, buffer);
  }

  async #sendZeros({ first, last }: Extract<Work, { kind: "zero" }>, lane: Lane): Promise<Sent> {
    const runs = await this.#notZeroThere(first, last);
    this.root.zeros(first, last);
    return {
      durable: Promise.all(runs.map((run) => this.#keepZero(run.first, run.last, lane))).then(
        () => undefined,
      ),
    };
  }

  /** Of the cells [first, last), runs that the destination does not know to be zero. */
  async #notZeroThere(first: number, last: number): Promise<{ first: number; last: number }[]> {
    const { entries, grid } = this.#parts;
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

  async #sendData(
    { index, data }: Extract<Work, { kind: "data" }>,
    lane: Lane,
    buffer: Buffer,
  ): Promise<Sent> {
    const { disk, grid, source, options, entries } = this.#parts;
    const range = cellRange(grid, index);
    const cell = buffer.subarray(0, range.end - range.start);
    const { pure } = await source.read(cell, range.start, data);
    const sha256 = hash("sha256", cell, "buffer");
    options.onSegment?.({ disk: disk.number, ...range, sha256, data, pure });
    this.root.cell(index, sha256);
    const dataBytes = sumBytes(data);
    if (entries !== null && (await entries.get(index)).equals(sha256)) {
      this.cellsKept += 1;
      this.#done(dataBytes);
      return { durable: Promise.resolve() };
    }
    const sent = Promise.withResolvers<void>();
    const durable = sha256.equals(zeroHash(cell.length))
      ? this.#keepZero(index, index + 1, lane)
      : this.#keepCell({ index, data, sha256, lane }, cell, sent.resolve);
    const done = durable.then(() => this.#done(dataBytes));
    done.catch(() => undefined); // it is the caller's, who waits for `sent` first
    await Promise.race([sent.promise, done]);
    return { durable: done };
  }

  async #keepCell(
    what: { index: number; data: Extract<Work, { kind: "data" }>["data"]; sha256: Buffer; lane: Lane },
    cell: Buffer,
    sent: () => void,
  ): Promise<void> {
    const { disk, grid, source, options } = this.#parts;
    const { start } = cellRange(grid, what.index);
    for (let tries = 1, bytes = cell; ; tries += 1) {
      const body = {
        type: "data",
        disk: disk.file,
        start,
        length: bytes.length,
        sha256: what.sha256.toString("hex"),
      } as const;
      // Not in variables of this function: they would hold the packed bytes until the cell is durable.
      const ack = await pack(bytes, options.level ?? 1).then(({ codec, payload }) =>
        what.lane.keep({ ...body, codec, wireBytes: payload.length }, payload, (count) => {
          this.#count(count);
          sent();
        }),
      );
      if (ack.kind === "durable") return;
      if (tries >= MAX_TRIES) throw givenUp(ack.problem.text);
      bytes = Buffer.allocUnsafeSlow(cell.length); // the first buffer holds another cell by now
      await source.read(bytes, start, what.data);
      if (!hash("sha256", bytes, "buffer").equals(what.sha256)) throw changed(disk, start);
    }
  }

  readonly #count = (bytes: number): void => {
    this.sentBytes += bytes;
  };

  #done(bytes: number): void {
    this.#doneBytes += bytes;
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

async function pack(cell: Buffer, level: number): Promise<{ codec: "none" | "zstd"; payload: Buffer }> {
  if (level === 0) return { codec: "none", payload: cell };
  // One output buffer that is always large enough: several would have to be joined.
  const payload = await zstd(cell, {
    chunkSize: cell.length + (cell.length >>> 8) + 1024,
    params: { [zlib.ZSTD_c_compressionLevel]: level },
  });
  return payload.length < cell.length * WORTH ? { codec: "zstd", payload } : { codec: "none", payload: cell };
}

function lengthOf(grid: Grid, index: number): number {
  const { start, end } = cellRange(grid, index);
  return end - start;
}

function givenUp(text: string): UserError {
  return new UserError("host", "cell-differs", `${text}; sent ${MAX_TRIES} times`, {
    advice:
      "The destination's disk or memory is failing, or the network is: check that machine, and choose another",
  });
}

function changed(disk: DiskToCopy, at: number): UserError {
  return new UserError(
    "source",
    "source-changed",
    `Disk ${disk.number} gave other bytes at ${at} when it was read again`,
    {
      advice: "Something writes to the source, or it is failing: find out which before you go on",
    },
  );
}
