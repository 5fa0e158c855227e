// SPDX-License-Identifier: Apache-2.0
// Reads what is left around bad sectors, in ever smaller pieces; what stays unreadable becomes zero and is remembered.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { formatBytes, normalizeRanges, type Range, sumBytes, UserError } from "../core/index.ts";
import { alignedBuffer, isErrno } from "../system/index.ts";

/** The last is the smallest logical sector of any disk; one with sectors of 4 KiB refuses it, and loses all 4 KiB. */
const STEPS = [65_536, 4096, 512] as const;
const SECTOR_BYTES = 512;

/** A disk that fails in so many places dies while it is read, and each failed read takes it seconds. */
const MAX_BAD_BYTES = 256 * 2 ** 20;
const MAX_BAD_RANGES = 10_000;

/** Of one disk: what could not be read. It is not read again, so a cell has the same content each time. */
export class BadSectors {
  readonly #disk: number;
  readonly #onFound: (range: Range) => void;
  #ranges: readonly Range[] = [];

  constructor(disk: number, onFound: (range: Range) => void) {
    this.#disk = disk;
    this.#onFound = onFound;
  }

  /** Sorted, joined. */
  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  add(range: Range): void {
    this.#ranges = normalizeRanges([...this.#ranges, range]);
    this.#onFound(range);
    const bytes = sumBytes(this.#ranges);
    if (bytes <= MAX_BAD_BYTES && this.#ranges.length <= MAX_BAD_RANGES) return;
    throw new UserError(
      "source-dying",
      `Disk ${this.#disk} cannot be read in ${this.#ranges.length} places, ${formatBytes(bytes)} in all`,
      {
        advice:
          "The disk is dying: save it with ddrescue onto a good one first, then migrate that copy. What was copied stays",
      },
    );
  }
}

/** The same disk for small direct reads: through the page cache one bad sector would cost the whole page. */
export class Rescuer implements AsyncDisposable {
  readonly #path: string;
  readonly #bad: BadSectors;
  #opening: Promise<FileHandle> | null = null;
  /** One piece at a time: a failing disk does not get faster by more. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #buffer = alignedBuffer(STEPS[0]);

  constructor(path: string, bad: BadSectors) {
    this.#path = path;
    this.#bad = bad;
  }

  /** Fills `into` with the bytes of `range` that can be read, and zeros. Throws what is not a read error. */
  read(into: Buffer, range: Range): Promise<void> {
    const mine = this.#turn.then(() => this.#pieces(into, range, 0));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async #pieces(into: Buffer, { start, end }: Range, depth: number): Promise<void> {
    const step = STEPS[depth] ?? SECTOR_BYTES;
    for (let at = start; at < end; ) {
      const next = Math.min(end, (Math.floor(at / step) + 1) * step);
      await this.#piece(into.subarray(at - start, next - start), { start: at, end: next }, depth);
      at = next;
    }
  }

  async #piece(into: Buffer, range: Range, depth: number): Promise<void> {
    try {
      await this.#readSectors(into, range);
    } catch (error) {
      // EINVAL: the disk has larger sectors, and the one around this piece failed.
      if (!isErrno(error, "EIO", "ENODATA") && !(depth > 0 && isErrno(error, "EINVAL"))) throw error;
      if (depth + 1 < STEPS.length) return await this.#pieces(into, range, depth + 1);
      into.fill(0);
      this.#bad.add(range);
    }
  }

  async #readSectors(into: Buffer, range: Range): Promise<void> {
    this.#opening ??= openUncached(this.#path);
    const file = await this.#opening;
    const from = range.start - (range.start % SECTOR_BYTES);
    const length = Math.ceil((range.end - from) / SECTOR_BYTES) * SECTOR_BYTES;
    const { bytesRead } = await file.read(this.#buffer, 0, length, from);
    if (bytesRead < range.end - from) throw new RangeError(`${this.#path} became shorter`);
    into.set(this.#buffer.subarray(range.start - from, range.end - from));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    const file = await this.#opening?.catch(() => null);
    await file?.close();
  }
}

async function openUncached(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_DIRECT);
  } catch (error) {
    if (isErrno(error, "EINVAL", "EOPNOTSUPP")) return await open(path, "r");
    throw error;
  }
}
