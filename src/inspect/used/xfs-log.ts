// SPDX-License-Identifier: Apache-2.0
// Was an XFS unmounted? Its log then ends with an unmount record (fs/xfs/xfs_log_recover.c, xlog_find_tail).
import { type Reader, readExactly, viewOf } from "../storage/reader.ts";

const BASIC_BLOCK = 512;
const RECORD_MAGIC = 0xfeedbabe;
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
    const bytes = await readExactly(reader, log.start + block * BASIC_BLOCK, 8);
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
function cycleOf(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  return view.getUint32(0) === RECORD_MAGIC ? view.getUint32(4) : view.getUint32(0);
}

async function endsWithUnmount(
  reader: Reader,
  { log, head, cycle }: { log: { start: number }; head: number; cycle: number },
): Promise<boolean> {
  const from = Math.max(0, head - MAX_RECORD_BYTES / BASIC_BLOCK);
  const length = (head - from) * BASIC_BLOCK;
  const bytes = await readExactly(reader, log.start + from * BASIC_BLOCK, length);
  if (bytes === null) return false;
  const view = viewOf(bytes);
  for (let at = length - BASIC_BLOCK; at >= 0; at -= BASIC_BLOCK) {
    if (cycleOf(bytes.subarray(at, at + 8)) !== cycle) return false;
    if (view.getUint32(at) !== RECORD_MAGIC) continue;
    const version = view.getUint32(at + 8);
    const recordBytes = view.getUint32(at + 12);
    const operations = view.getUint32(at + 40);
    const iclogBytes = version === 2 ? view.getUint32(at + 320) : 32_768;
    const headers = Math.max(1, Math.ceil(iclogBytes / 32_768));
    if (headers > 16 || operations !== 1) return false;
    const data = at + headers * BASIC_BLOCK;
    // The record must be the last one, whole, and its only operation the unmount.
    const end = data + Math.ceil(recordBytes / BASIC_BLOCK) * BASIC_BLOCK;
    return end === length && data < length && (view.getUint8(data + 9) & UNMOUNT_FLAG) !== 0;
  }
  return false;
}
