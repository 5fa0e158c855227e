// SPDX-License-Identifier: Apache-2.0
// Which bytes of a disk were written: a bit for each piece, so that a busy week takes no more memory than a quiet hour. Pure.
import type { Range } from "../core/index.ts";

const LEAST_PIECE_BYTES = 65_536;
/** 8 MiB of memory for a disk: pieces of 64 KiB up to 4 TiB, then larger ones. */
const MOST_PIECES = 2 ** 26;

export class WrittenSet {
  readonly sizeBytes: number;
  readonly pieceBytes: number;
  readonly #bits: Uint8Array;

  constructor(sizeBytes: number, { pieceBytes = LEAST_PIECE_BYTES }: { pieceBytes?: number } = {}) {
    let piece = pieceBytes;
    while (sizeBytes / piece > MOST_PIECES) piece *= 2;
    this.sizeBytes = sizeBytes;
    this.pieceBytes = piece;
    this.#bits = new Uint8Array(Math.ceil(sizeBytes / piece / 8));
  }

  /** False when some of it lies behind the end of the disk; what lies before is taken. */
  add({ start, end }: Range): boolean {
    const last = Math.ceil(Math.min(end, this.sizeBytes) / this.pieceBytes);
    for (let at = Math.floor(start / this.pieceBytes); at < last; at += 1) {
      if (at % 8 === 0 && at + 8 <= last) {
        const whole = Math.floor((last - at) / 8);
        this.#bits.fill(0xff, at / 8, at / 8 + whole);
        at += whole * 8 - 1;
      } else this.#bits[at >> 3] = (this.#bits[at >> 3] ?? 0) | (1 << (at & 7));
    }
    return start >= 0 && end <= this.sizeBytes;
  }

  /** Normal; in whole pieces. */
  ranges(): Range[] {
    const out: { start: number; end: number }[] = [];
    for (const [index, byte] of this.#bits.entries()) {
      if (byte === 0) continue;
      for (let bit = 0; bit < 8; bit += 1) {
        if ((byte & (1 << bit)) === 0) continue;
        const start = (index * 8 + bit) * this.pieceBytes;
        const end = Math.min(this.sizeBytes, start + this.pieceBytes);
        const last = out.at(-1);
        if (last?.end === start) last.end = end;
        else out.push({ start, end });
      }
    }
    return out;
  }
}
