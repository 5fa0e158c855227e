// SPDX-License-Identifier: Apache-2.0
// Whole reads and writes at an offset; the system may do less at a time than it is asked to.
import type { FileHandle } from "node:fs/promises";

/** Fills `into` from `offset`. RangeError at the end of the file. */
export async function readFully(file: FileHandle, into: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, offset + done);
    if (bytesRead === 0) throw new RangeError(`The file ends at ${offset + done}`);
    done += bytesRead;
  }
}

export async function writeFully(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}

const BLOCK_BYTES = 4096;
const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);

/** Ranges of `bytes`, on a grid of 4 KiB, that are not all zero. */
export function nonZeroRuns(bytes: Buffer): { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  let run: { start: number; end: number } | null = null;
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const end = Math.min(bytes.length, at + BLOCK_BYTES);
    // compare() on the same buffer makes no new view for each block
    if (bytes.compare(ZERO_BLOCK, 0, end - at, at, end) === 0) run = null;
    else if (run === null) runs.push((run = { start: at, end }));
    else run.end = end;
  }
  return runs;
}
