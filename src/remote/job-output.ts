// SPDX-License-Identifier: Apache-2.0
// What a job printed and nobody has yet shown: positions count the bytes of both streams from the job's begin. Pure.

export type OutputStream = "out" | "err";
type Part = { readonly stream: OutputStream; readonly at: number; readonly bytes: Buffer };

/** A line that is not finished, such as a question; longer ones are no questions. */
const MAX_LINE_BYTES = 4096;

export class JobOutput {
  #parts: Part[] = [];
  #begin = 0;
  #end = 0;
  #line: Buffer = Buffer.alloc(0);

  /** Of the first byte that is kept. */
  get begin(): number {
    return this.#begin;
  }

  /** Behind the last byte. */
  get end(): number {
    return this.#end;
  }

  get keptBytes(): number {
    return this.#end - this.#begin;
  }

  /** What was printed since the last newline. */
  get unfinishedLine(): Buffer {
    return this.#line;
  }

  push(stream: OutputStream, bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#parts.push({ stream, at: this.#end, bytes });
    this.#end += bytes.length;
    const newline = bytes.lastIndexOf(0x0a);
    const line = newline < 0 ? Buffer.concat([this.#line, bytes]) : Buffer.from(bytes.subarray(newline + 1));
    this.#line = line.length > MAX_LINE_BYTES ? Buffer.alloc(0) : line;
  }

  /** All before this position was shown. */
  forget(position: number): void {
    this.#begin = Math.max(this.#begin, Math.min(position, this.#end));
    while (this.#parts[0] !== undefined && endOf(this.#parts[0]) <= this.#begin) this.#parts.shift();
  }

  /** What is kept of a part from this position on, or null where there is nothing more. */
  next(position: number): Part | null {
    const from = Math.max(position, this.#begin);
    const part = this.#parts.find((one) => endOf(one) > from);
    if (part === undefined) return null;
    return from <= part.at ? part : { ...part, at: from, bytes: part.bytes.subarray(from - part.at) };
  }
}

const endOf = ({ at, bytes }: Part): number => at + bytes.length;
