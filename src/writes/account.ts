// SPDX-License-Identifier: Apache-2.0
// The account of writes: text of the kernel in, what was written of each disk out, and all that makes it unclear. Pure.
import type { Range } from "../core/index.ts";
import { parseTraceLine } from "./trace-line.ts";
import { type Unclear, unclear } from "./unclear.ts";
import { WrittenSet } from "./written-set.ts";

export type TracedDisk = {
  readonly number: number;
  readonly sizeBytes: number;
  /** Of the disk and its partitions, as `8:0`: bios below a partition name that, with sectors of the whole disk. */
  readonly devices: readonly string[];
  /** Commands with data that bypass the block layer can only be questions: virtio's own asks for a serial number. */
  readonly onlyAsks: boolean;
};

/** So many are kept; one is enough. */
const MAX_UNCLEAR = 20;
/** The kernel's own buffer for a line is 8 KiB. */
const MAX_LINE_CHARACTERS = 16_384;

export class Account {
  readonly #disks: readonly TracedDisk[];
  readonly #pieceBytes: number | undefined;
  readonly #of = new Map<string, TracedDisk>();
  readonly #unclear: Unclear[] = [];
  #written: Map<number, WrittenSet>;
  #rest = "";

  constructor(disks: readonly TracedDisk[], { pieceBytes }: { pieceBytes?: number } = {}) {
    this.#disks = disks;
    this.#pieceBytes = pieceBytes;
    for (const disk of disks) for (const device of disk.devices) this.#of.set(device, disk);
    this.#written = this.#fresh();
  }

  /** Text as it comes, cut anywhere. */
  take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > MAX_LINE_CHARACTERS) {
      this.doubt(unclear("garbled", "a line without an end"));
      this.#rest = "";
    }
    for (const line of lines) this.#line(line);
  }

  /** What an earlier account had. */
  add(disk: number, ranges: readonly Range[]): void {
    for (const range of ranges) this.#write(disk, range);
  }

  doubt(why: Unclear): void {
    const isKnown = this.#unclear.some(
      ({ reason, detail }) => reason === why.reason && detail === why.detail,
    );
    if (!isKnown && this.#unclear.length < MAX_UNCLEAR) this.#unclear.push(why);
  }

  /** Empty: all writes are known. A line that has begun and not ended is one that is missing. */
  get unclear(): readonly Unclear[] {
    return this.#rest === ""
      ? this.#unclear
      : [...this.#unclear, unclear("garbled", "the last line has no end")];
  }

  written(disk: number): readonly Range[] {
    return this.#written.get(disk)?.ranges() ?? [];
  }

  /** From here on, only what is written from now on is told. What is unclear stays so. */
  startAnew(): void {
    this.#written = this.#fresh();
  }

  #fresh(): Map<number, WrittenSet> {
    const pieceBytes = this.#pieceBytes;
    return new Map(
      this.#disks.map(({ number, sizeBytes }) => [
        number,
        new WrittenSet(sizeBytes, pieceBytes === undefined ? {} : { pieceBytes }),
      ]),
    );
  }

  #line(line: string): void {
    const found = parseTraceLine(line);
    switch (found.kind) {
      case "nothing":
        return;
      case "unclear":
        return this.doubt({ reason: found.reason, detail: found.detail });
      case "passed-through": {
        const disk = this.#of.get(found.device);
        if (disk !== undefined && !disk.onlyAsks)
          this.doubt(unclear("passed-through", `${found.program} to ${found.device}`));
        return;
      }
      case "write": {
        const disk = this.#of.get(found.device);
        if (disk !== undefined) this.#write(disk.number, found.range);
      }
    }
  }

  #write(disk: number, range: Range): void {
    if (this.#written.get(disk)?.add(range) !== true)
      this.doubt(
        unclear("garbled", `a write to ${range.start}-${range.end} of disk ${disk}, which is shorter`),
      );
  }
}
