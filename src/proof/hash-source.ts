// SPDX-License-Identifier: Apache-2.0
// Hashes of a source disk's bytes, read past the page cache where possible, several reads in flight.
import { createHash, type Hash } from "node:crypto";
import type { Range } from "../core/index.ts";
import { alignedBuffer, DIRECT_ALIGN_BYTES, type DirectFile, readBlocks } from "../system/index.ts";
import { type HashedRange, SegmentLog } from "./segment-log.ts";

export type HashOptions = {
  readonly signal: AbortSignal;
  /** Called with the bytes done since the last call. */
  readonly onBytes?: (bytes: number) => void;
};

const BLOCK_BYTES = 2 ** 20;
const IN_FLIGHT = 4;
const ZEROS = new Uint8Array(65_536);

/** SHA-256 (hex) of the first `sizeBytes`. RangeError when the disk is shorter. */
export async function hashWhole(
  file: DirectFile,
  sizeBytes: number,
  { signal, onBytes }: HashOptions,
): Promise<string> {
  const hash = createHash("sha256");
  const whole = [{ start: 0, end: sizeBytes }];
  let done = 0;
  for await (const block of readBlocks(file, whole, {
    signal,
    blockBytes: BLOCK_BYTES,
    inFlight: IN_FLIGHT,
  })) {
    hash.update(block.bytes);
    done += block.bytes.length;
    onBytes?.(block.bytes.length);
  }
  if (done !== sizeBytes) throw new RangeError(`${file.path} ended after ${done} of ${sizeBytes} bytes`);
  return hash.digest("hex");
}

/** Hashes the ranges as they are now, in pieces of at most 1 MiB. */
export async function logRanges(
  file: DirectFile,
  ranges: readonly Range[],
  options: HashOptions,
): Promise<SegmentLog> {
  const log = new SegmentLog();
  const blocks = readBlocks(file, ranges, {
    signal: options.signal,
    blockBytes: BLOCK_BYTES,
    inFlight: IN_FLIGHT,
  });
  for await (const { start, bytes } of blocks) {
    const end = start + bytes.length;
    log.add({ start, end, data: [{ start, end }], sha256: createHash("sha256").update(bytes).digest() });
    options.onBytes?.(bytes.length);
  }
  return log;
}

/** Reads all ranges of the log again; those that are not what they were, in no order. */
export async function findDifferences(
  file: DirectFile,
  log: SegmentLog,
  { signal, onBytes }: HashOptions,
): Promise<Range[]> {
  const order = log.inDiskOrder();
  const differing: Range[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    const buffer = alignedBuffer(BLOCK_BYTES + 2 * DIRECT_ALIGN_BYTES);
    for (let index = order[next++]; index !== undefined; index = order[next++]) {
      signal.throwIfAborted();
      const expected = log.at(index);
      const sha256 = await hashAgain(file, expected, buffer, onBytes);
      if (!sha256.equals(expected.sha256)) differing.push({ start: expected.start, end: expected.end });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return differing;
}

async function hashAgain(
  file: DirectFile,
  { start, end, data }: HashedRange,
  buffer: Uint8Array,
  onBytes: HashOptions["onBytes"],
): Promise<Buffer> {
  const hash = createHash("sha256");
  let at = start;
  for (const range of data) {
    addZeros(hash, range.start - at);
    for (at = range.start; at < range.end; ) {
      const stop = Math.min(range.end, at + BLOCK_BYTES);
      const bytes = await file.read({ start: at, end: stop }, buffer);
      hash.update(bytes); // shorter at the end of a disk that shrank: then the hash differs, as it should
      onBytes?.(bytes.length);
      at = stop;
    }
  }
  addZeros(hash, end - at);
  return hash.digest();
}

function addZeros(hash: Hash, length: number): void {
  for (let left = length; left > 0; left -= ZEROS.length) hash.update(ZEROS.subarray(0, left));
}
