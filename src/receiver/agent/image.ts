// SPDX-License-Identifier: Apache-2.0
// The bytes of one disk, by system calls: written sparse, and read back past the page cache.
import type { FileHandle } from "node:fs/promises";
import type { Range } from "../../core/index.ts";
import {
  cellBuffers,
  cellThreads,
  DIRECT_ALIGN_BYTES,
  type DirectFile,
  openDirect,
  sharedBytes,
} from "../../system/index.ts";
import type { DataMessage, ReadBack } from "../../wire/index.ts";
import { damaged } from "../problem.ts";
import type { Image } from "../store.ts";
import { nonZeroRuns, readFully } from "./io.ts";
import { CellWriter } from "./writer.ts";
import { punch, writeZeros } from "./zero.ts";

export class ImageFile implements Image, AsyncDisposable {
  readonly readBack: ReadBack;
  readonly #file: FileHandle;
  readonly #reader: DirectFile;
  readonly #writer: CellWriter;

  private constructor(file: FileHandle, reader: DirectFile, writer: CellWriter) {
    this.readBack = reader.how;
    this.#file = file;
    this.#reader = reader;
    this.#writer = writer;
  }

  /** `file` stays the caller's to close. `direct`: writes may go past the page cache. */
  static async open(file: FileHandle, { direct }: { direct: boolean }): Promise<ImageFile> {
    // Through our own descriptor: the very file that is written, whatever its name may mean by now.
    const path = `/proc/self/fd/${file.fd}`;
    const reader = await openDirect(path);
    try {
      return new ImageFile(file, reader, await CellWriter.open(file, direct ? path : null));
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
  }

  async write(
    { start, length, codec }: DataMessage,
    payload: Buffer,
    { clean }: { clean: boolean },
  ): Promise<void> {
    const buffer = cellBuffers().take(length);
    try {
      const content = buffer.subarray(0, length);
      if (codec === "none") content.set(payload);
      else if (!(await cellThreads().unpack(sharedBytes(payload), content))) throw damaged();
      cellBuffers().give(payload);
      await this.#writeContent(start, Buffer.from(content.buffer, content.byteOffset, content.length), clean);
    } finally {
      cellBuffers().give(buffer);
    }
  }

  async #writeContent(start: number, content: Buffer, clean: boolean): Promise<void> {
    if (!clean) await this.#clear(start, content);
    await this.#writer.write(content, nonZeroRuns(content), start);
  }

  /** Old bytes that the new content leaves out must become zero. A hole is read in no time, so it stays one. */
  async #clear(start: number, content: Buffer): Promise<void> {
    const old = Buffer.allocUnsafeSlow(content.length);
    await readFully(this.#file, old, start);
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
    for (const gap of zeros) await writeZeros(this.#file, { start: start + gap.start, end: start + gap.end });
  }

  async zero(range: Range): Promise<void> {
    await punch(this.#file, range);
  }

  async hash({ start, end }: Range): Promise<string> {
    const buffer = cellBuffers().take(end - start + 2 * DIRECT_ALIGN_BYTES);
    try {
      const bytes = await this.#reader.read({ start, end }, buffer);
      if (bytes.length !== end - start) throw new RangeError(`The image ends at ${start + bytes.length}`);
      return (await cellThreads().hash(sharedBytes(bytes))).toString("hex");
    } finally {
      cellBuffers().give(buffer);
    }
  }

  async flush(): Promise<void> {
    await this.#file.datasync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]();
    await this.#reader[Symbol.asyncDispose]();
  }
}
