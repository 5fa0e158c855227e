// SPDX-License-Identifier: Apache-2.0
// Writes the non-zero runs of a cell: past the page cache where that is possible and worth it.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { DIRECT_ALIGN_BYTES, isErrno } from "../../system/index.ts";
import { writeFully } from "./io.ts";

type Run = { readonly start: number; readonly end: number };

/** Each direct write waits for the device; of cells in many small pieces the page cache makes better writes. */
const MAX_DIRECT_RUNS = 16;

/**
 * Direct writes cost a fifth of the CPU time of writes through the page cache (measured: 0.3 s against 1.7 to 4.3 s for
 * 1.6 GiB), and leave the host's memory to its VMs. A flush makes either kind durable.
 */
export class CellWriter implements AsyncDisposable {
  readonly #cached: FileHandle;
  readonly #direct: FileHandle | null;
  /** Some file systems refuse only the first write. */
  #refused = false;

  private constructor(cached: FileHandle, direct: FileHandle | null) {
    this.#cached = cached;
    this.#direct = direct;
  }

  /** `path` leads to the very file that `cached` is; null: through the page cache only. */
  static async open(cached: FileHandle, path: string | null): Promise<CellWriter> {
    if (path === null) return new CellWriter(cached, null);
    const direct = await open(path, constants.O_WRONLY | constants.O_DIRECT).catch((error: unknown) => {
      if (isErrno(error, "EINVAL", "EOPNOTSUPP")) return null;
      throw error;
    });
    return new CellWriter(cached, direct);
  }

  /** `content` begins at `offset` of the file, and in page-aligned memory. */
  async write(content: Buffer, runs: readonly Run[], offset: number): Promise<void> {
    const direct = runs.length <= MAX_DIRECT_RUNS && offset % DIRECT_ALIGN_BYTES === 0;
    for (const run of runs) {
      // The disk may end within a block; only the page cache writes such an end.
      const end = direct ? run.end - (run.end % DIRECT_ALIGN_BYTES) : run.start;
      await this.#writeDirect(content.subarray(run.start, end), offset + run.start);
      await writeFully(this.#cached, content.subarray(end, run.end), offset + end);
    }
  }

  async #writeDirect(bytes: Buffer, offset: number): Promise<void> {
    const direct = this.#direct;
    if (direct === null || this.#refused) return await writeFully(this.#cached, bytes, offset);
    try {
      await writeFully(direct, bytes, offset);
    } catch (error) {
      if (!isErrno(error, "EINVAL", "EOPNOTSUPP")) throw error;
      this.#refused = true;
      await writeFully(this.#cached, bytes, offset);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#direct?.close();
  }
}
