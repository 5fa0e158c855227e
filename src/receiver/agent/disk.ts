// SPDX-License-Identifier: Apache-2.0
// One open disk on the destination: takes cells, writes them sparse, reads them back, remembers what is durable.
import {
  cellBuffers,
  cellThreads,
  DIRECT_ALIGN_BYTES,
  type DirectFile,
  openDirect,
  sharedBytes,
} from "../../system/index.ts";
import {
  cellAt,
  cellCount,
  cellRange,
  cellsOf,
  type DataMessage,
  diskFiles,
  type Grid,
  MAX_CELLS,
  type OpenMessage,
  ProtocolError,
  type ReadBack,
} from "../../wire/index.ts";
import { coalesced } from "./coalesced.ts";
import { nonZeroRuns, readFully } from "./io.ts";
import { damaged } from "../problem.ts";
import { Sidecar } from "./sidecar.ts";
import { openSink, type Sink } from "./sink.ts";
import { CellWriter } from "./writer.ts";
import { punch, writeZeros } from "./zero.ts";

export type Cells = { readonly first: number; readonly last: number };

export class OpenDisk implements AsyncDisposable {
  readonly name: string;
  readonly grid: Grid;
  /** Something may be durable from an earlier run. */
  readonly kept: boolean;
  readonly readBack: ReadBack;
  readonly sidecar: Sidecar;
  readonly sync: () => Promise<void>;
  readonly #sink: Sink;
  readonly #reader: DirectFile;
  readonly #writer: CellWriter;
  /** Cells between their message and their acknowledgement: none may be written twice at once. */
  readonly #busy = new Set<number>();
  /** Cells whose writing failed: what is there now is not known, though the file is fresh. */
  readonly #unsure = new Set<number>();

  private constructor(name: string, grid: Grid, sink: Sink, { reader, writer }: Io) {
    this.name = name;
    this.grid = grid;
    this.kept = !sink.fresh;
    this.readBack = reader.how;
    this.sidecar = new Sidecar(sink.hashes, grid);
    this.sync = coalesced(() => sink.image.datasync());
    this.#sink = sink;
    this.#reader = reader;
    this.#writer = writer;
  }

  static async open(directory: string, request: OpenMessage): Promise<OpenDisk> {
    const grid: Grid = { sizeBytes: request.sizeBytes, segmentBytes: request.segmentBytes };
    if (cellCount(grid) > MAX_CELLS)
      throw new ProtocolError(`A disk of ${cellCount(grid)} cells is not accepted`);
    diskFiles(request.disk);
    const sink = await openSink(directory, request);
    try {
      // Through our own descriptor: the very file that is written, whatever its name may mean by now.
      const path = `/proc/self/fd/${sink.image.fd}`;
      const reader = await openDirect(path);
      // QEMU's FUSE export mixes up writes that come in parallel, as direct ones would.
      const writer = await CellWriter.open(sink.image, request.format === "qcow2" ? null : path);
      return new OpenDisk(request.disk, grid, sink, { reader, writer });
    } catch (error) {
      await sink[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The cell that `message` is for, now busy. ProtocolError unless it is exactly one free cell. */
  claim(message: DataMessage): number {
    const index = cellAt(this.grid, { start: message.start, end: message.start + message.length });
    if (index === null)
      throw new ProtocolError(`${message.length} bytes at ${message.start} are no cell of ${this.name}`);
    if (message.codec === "none" && message.wireBytes !== message.length)
      throw new ProtocolError(`A cell of ${message.length} bytes comes with ${message.wireBytes}`);
    if (message.wireBytes === 0) throw new ProtocolError("A cell comes without bytes");
    if (this.#busy.has(index))
      throw new ProtocolError(`Cell ${index} of ${this.name} is being written already`);
    this.#busy.add(index);
    return index;
  }

  release(index: number, { sure }: { sure: boolean }): void {
    this.#busy.delete(index);
    if (sure) this.#unsure.delete(index);
    else this.#unsure.add(index);
  }

  /** The cells of a range; ProtocolError unless it is whole cells, none of them busy. */
  cells(range: { readonly start: number; readonly end: number }): Cells {
    const cells = cellsOf(this.grid, range);
    if (cells === null)
      throw new ProtocolError(`${range.start} to ${range.end} are no cells of ${this.name}`);
    for (const busy of this.#busy)
      if (busy >= cells.first && busy < cells.last)
        throw new ProtocolError(`Cell ${busy} of ${this.name} is being written already`);
    return cells;
  }

  /** Unpacks and writes; not flushed. ReceiverProblem with `retry` when the bytes were damaged on their way. */
  async write(index: number, message: DataMessage, payload: Buffer): Promise<void> {
    const buffer = cellBuffers().take(message.length);
    try {
      const content = buffer.subarray(0, message.length);
      if (message.codec === "none") content.set(payload);
      else if (!(await cellThreads().unpack(sharedBytes(payload), content))) throw damaged();
      cellBuffers().give(payload);
      await this.#writeContent(index, Buffer.from(content.buffer, content.byteOffset, content.length));
    } finally {
      cellBuffers().give(buffer);
    }
  }

  async #writeContent(index: number, content: Buffer): Promise<void> {
    const { start } = cellRange(this.grid, index);
    const isEmpty =
      this.#sink.fresh && !this.#unsure.has(index) && (await this.sidecar.isEmpty(index, index + 1));
    if (!isEmpty) {
      await this.sidecar.forget(index, index + 1);
      await this.#clear(start, content);
    }
    await this.#writer.write(content, nonZeroRuns(content), start);
  }

  /** Old bytes that the new content leaves out must become zero. A hole is read in no time, so it stays one. */
  async #clear(start: number, content: Buffer): Promise<void> {
    const old = Buffer.allocUnsafeSlow(content.length);
    await readFully(this.#sink.image, old, start);
    const runs = nonZeroRuns(old);
    const zeros = runs.flatMap((run) => {
      const inside = nonZeroRuns(content.subarray(run.start, run.end));
      const gaps: { start: number; end: number }[] = [];
      let at = 0;
      for (const keep of [...inside, { start: run.end - run.start, end: 0 }]) {
        if (keep.start > at) gaps.push({ start: run.start + at, end: run.start + keep.start });
        at = keep.end;
      }
      return gaps;
    });
    for (const gap of zeros)
      await writeZeros(this.#sink.image, { start: start + gap.start, end: start + gap.end });
  }

  /** Makes cells read as zero; not flushed. False when nothing can have been there, so nothing was done. */
  async zero(cells: Cells): Promise<boolean> {
    const isEmpty =
      this.#sink.fresh &&
      ![...this.#unsure].some((index) => index >= cells.first && index < cells.last) &&
      (await this.sidecar.isEmpty(cells.first, cells.last));
    if (isEmpty) return false;
    await this.sidecar.forget(cells.first, cells.last);
    const range = {
      start: cellRange(this.grid, cells.first).start,
      end: cellRange(this.grid, cells.last - 1).end,
    };
    await punch(this.#sink.image, range);
    for (const index of this.#unsure)
      if (index >= cells.first && index < cells.last) this.#unsure.delete(index);
    return true;
  }

  /** SHA-256 (hex) of what is on the disk now. */
  async hashOf(range: { readonly start: number; readonly end: number }): Promise<string> {
    const buffer = cellBuffers().take(range.end - range.start + 2 * DIRECT_ALIGN_BYTES);
    try {
      const bytes = await this.#reader.read(range, buffer);
      if (bytes.length !== range.end - range.start)
        throw new RangeError(`The image of ${this.name} became shorter`);
      return (await cellThreads().hash(sharedBytes(bytes))).toString("hex");
    } finally {
      cellBuffers().give(buffer);
    }
  }

  /** Drops nothing, keeps nothing back: all is flushed and closed. */
  async close(): Promise<void> {
    await this.#sink.image.sync();
    await this.sidecar.sync();
    await this[Symbol.asyncDispose]();
  }

  #closed = false;
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer[Symbol.asyncDispose]();
    await this.#reader[Symbol.asyncDispose]();
    await this.#sink[Symbol.asyncDispose]();
  }
}

type Io = { readonly reader: DirectFile; readonly writer: CellWriter };
