// SPDX-License-Identifier: Apache-2.0
// Was an XFS unmounted? Its log then ends with an unmount record (fs/xfs/xfs_log_recover.c, xlog_find_tail).
import { be, struct } from "../../core/index.ts";
import { type Reader, readExactly } from "../storage/reader.ts";

const BASIC_BLOCK = 512;
/** xlog_rec_header, of which the version 2 tells how large the buffer was that it comes from. */
const RECORD = struct({
  magic: be.u32(0),
  cycle: be.u32(4),
  version: be.u32(8),
  sizeBytes: be.u32(12),
  operations: be.u32(40),
});
const RECORD_BUFFER = struct({ sizeBytes: be.u32(320) });
const RECORD_MAGIC = 0xfeedbabe;
/** Each header tells of so many bytes. */
const BYTES_PER_HEADER = 32_768;
/** Any other block: the kernel puts the cycle in the place of its first word. */
const BLOCK = struct({ cycle: be.u32(0) });
/** xlog_op_header. */
const OPERATION = struct({ flags: be.u8(9) });
const UNMOUNT_FLAG = 0x20;
/** A record is at most 256 KiB and its headers; the last one begins within that before the head. */
const MAX_RECORD_BYTES = 512 * 1024;
const MAX_LOG_BYTES = 2 ** 31;

/** False when in doubt: a log after a crash may look like anything. */
export async function isLogClean(
  reader: Reader,
  log: { readonly start: number; readonly sizeBytes: number },
  signal: AbortSignal,
): Promise<boolean> {
  const blocks = log.sizeBytes / BASIC_BLOCK;
  if (blocks < 8 || log.sizeBytes > MAX_LOG_BYTES) return false;
  const cycle = async (block: number): Promise<number> => {
    const bytes = await readExactly(reader, log.start + block * BASIC_BLOCK, BASIC_BLOCK);
    return bytes === null ? -1 : cycleOf(bytes);
  };
  const firstCycle = await cycle(0);
  const lastCycle = await cycle(blocks - 1);
  if (firstCycle <= 0) return false;
  // Written round and round: blocks before the head have the first block's cycle, those behind it the one before.
  let head = blocks;
  if (firstCycle !== lastCycle) {
    if (lastCycle !== firstCycle - 1) return false;
    let low = 0;
    let high = blocks - 1;
    while (high - low > 1) {
      signal.throwIfAborted();
      const middle = (low + high) >>> 1;
      if ((await cycle(middle)) === firstCycle) low = middle;
      else high = middle;
    }
    head = high;
  }
  return await endsWithUnmount(reader, { log, head, cycle: firstCycle });
}

/** Each block begins with its cycle number; the header of a record has it behind its magic number. */
function cycleOf(block: Uint8Array): number {
  const { magic, cycle } = RECORD.read(block);
  return magic === RECORD_MAGIC ? cycle : BLOCK.read(block).cycle;
}

async function endsWithUnmount(
  reader: Reader,
  { log, head, cycle }: { log: { start: number }; head: number; cycle: number },
): Promise<boolean> {
  const from = Math.max(0, head - MAX_RECORD_BYTES / BASIC_BLOCK);
  const length = (head - from) * BASIC_BLOCK;
  const bytes = await readExactly(reader, log.start + from * BASIC_BLOCK, length);
  if (bytes === null) return false;
  for (let at = length - BASIC_BLOCK; at >= 0; at -= BASIC_BLOCK) {
    const block = bytes.subarray(at, at + BASIC_BLOCK);
    if (cycleOf(block) !== cycle) return false;
    const record = RECORD.read(block);
    if (record.magic !== RECORD_MAGIC) continue;
    const bufferBytes = record.version === 2 ? RECORD_BUFFER.read(block).sizeBytes : BYTES_PER_HEADER;
    const headers = Math.max(1, Math.ceil(bufferBytes / BYTES_PER_HEADER));
    if (headers > 16 || record.operations !== 1) return false;
    const data = at + headers * BASIC_BLOCK;
    // The record must be the last one, whole, and its only operation the unmount.
    const end = data + Math.ceil(record.sizeBytes / BASIC_BLOCK) * BASIC_BLOCK;
    return end === length && data < length && (OPERATION.read(bytes, data).flags & UNMOUNT_FLAG) !== 0;
  }
  return false;
}
