// SPDX-License-Identifier: Apache-2.0
// Makes written cells durable, in groups: flush the images, read back and compare, note the hashes, flush those,
// and only then acknowledge.
import { cellRange, zeroHash } from "../wire/index.ts";
import type { OpenDisk } from "./open-disk.ts";
import { ReceiverProblem } from "./problem.ts";
import type { Cells } from "./store.ts";

/** A flush costs about as much for 32 MiB as for one. */
const GROUP_BYTES = 32 * 2 ** 20;
const READS_IN_FLIGHT = 4;
/** In one message; the wire takes 4096. */
const MAX_SEQS = 1024;
/** So many cells of a range that was made zero are read back; the rest of it was never written by us. */
const ZERO_SAMPLES = 16;

export type Written =
  | {
      readonly kind: "cell";
      readonly disk: OpenDisk;
      readonly seq: number;
      readonly index: number;
      readonly sha256: string;
    }
  | {
      readonly kind: "zero";
      readonly disk: OpenDisk;
      readonly seq: number;
      readonly cells: Cells;
      readonly touched: boolean;
    };

export type Outcome = {
  durable: (seqs: readonly number[]) => Promise<void>;
  /** One cell came out wrong; it may be sent again. */
  differs: (seq: number, problem: ReceiverProblem) => Promise<void>;
  /** Nothing more can be promised. */
  fatal: (error: unknown) => void;
};

export class Flusher {
  readonly #outcome: Outcome;
  #waiting: Written[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #queued = false;

  readonly #groupMs: number;

  /** A group begins when it is large enough, and after `groupMs` at the latest. */
  constructor(groupMs: number, outcome: Outcome) {
    this.#groupMs = groupMs;
    this.#outcome = outcome;
  }

  /** Neither acknowledged nor begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(written: Written): void {
    this.#waiting.push(written);
    if (written.kind === "cell") this.#waitingBytes += written.disk.grid.segmentBytes;
    if (this.#waitingBytes >= GROUP_BYTES) this.#schedule();
    else this.#timer ??= setTimeout(() => this.#schedule(), this.#groupMs);
  }

  /** Resolves when all that was added is acknowledged or has failed. */
  drain(): Promise<void> {
    this.#schedule();
    return this.#running;
  }

  /** Groups follow each other; what comes while one runs makes up the next. */
  #schedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#queued) return;
    this.#queued = true;
    this.#running = this.#running.then(async () => {
      this.#queued = false;
      const group = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        if (group.length > 0) await this.#flush(group);
      } catch (error) {
        this.#outcome.fatal(error);
      }
    });
  }

  async #flush(group: readonly Written[]): Promise<void> {
    const disks = [...new Set(group.map(({ disk }) => disk))];
    await Promise.all(disks.map((disk) => disk.flush()));
    const good = await this.#compare(group);
    await Promise.all(disks.map((disk) => note(disk, good)));
    for (const written of good) release(written, { sure: true });
    for (let at = 0; at < good.length; at += MAX_SEQS)
      await this.#outcome.durable(good.slice(at, at + MAX_SEQS).map(({ seq }) => seq));
  }

  async #compare(group: readonly Written[]): Promise<Written[]> {
    const good = new Set<Written>();
    const left = group.values();
    const reader = async (): Promise<void> => {
      for (const written of left) {
        if (await isRight(written)) good.add(written);
        else {
          release(written, { sure: false });
          await this.#outcome.differs(written.seq, differs(written));
        }
      }
    };
    await Promise.all(Array.from({ length: READS_IN_FLIGHT }, reader));
    return group.filter((written) => good.has(written)); // in their order: of two for one cell the later one counts
  }
}

/** Notes the hashes of what is right, in the order in which it came, and flushes them. */
async function note(disk: OpenDisk, good: readonly Written[]): Promise<void> {
  let kept = new Map<number, Uint8Array>();
  for (const written of good) {
    if (written.disk !== disk) continue;
    if (written.kind === "cell") kept.set(written.index, Buffer.from(written.sha256, "hex"));
    else {
      await disk.entries.keep(kept);
      kept = new Map();
      await disk.entries.keepZeros(written.cells);
    }
  }
  await disk.entries.keep(kept);
  await disk.entries.flush();
}

function release(written: Written, { sure }: { sure: boolean }): void {
  if (written.kind === "cell") written.disk.release(written.index, { sure });
  else written.disk.releaseRange(written.cells);
}

async function isRight(written: Written): Promise<boolean> {
  const { disk } = written;
  if (written.kind === "cell")
    return (await disk.hash(cellRange(disk.grid, written.index))) === written.sha256;
  if (!written.touched) return true;
  for (const index of samples(written.cells)) {
    const range = cellRange(disk.grid, index);
    if ((await disk.hash(range)) !== zeroHash(range.end - range.start).toString("hex")) return false;
  }
  return true;
}

/** Evenly spread, with the first and the last. */
function samples({ first, last }: Cells): number[] {
  const count = Math.min(ZERO_SAMPLES, last - first);
  if (count === 1) return [first];
  return Array.from({ length: count }, (_, i) => first + Math.round((i * (last - 1 - first)) / (count - 1)));
}

function differs(written: Written): ReceiverProblem {
  const index = written.kind === "cell" ? written.index : written.cells.first;
  const { start } = cellRange(written.disk.grid, index);
  return new ReceiverProblem(
    "cell-differs",
    `${written.disk.name} at byte ${start} does not read back as it was sent`,
    {
      advice: "It is sent again; when it stays wrong, the destination's disk or memory is failing",
      retry: true,
    },
  );
}
