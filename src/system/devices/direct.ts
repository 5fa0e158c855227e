// SPDX-License-Identifier: Apache-2.0
// Reads past the page cache (O_DIRECT): what is really on the disk, and the computer's memory stays free.
// Falls back to ordinary reads where a file system refuses; `how` says which it was.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Range } from "../../core/index.ts";
import { isErrno } from "../files.ts";

/** Offsets, lengths and buffers of direct reads are multiples of this: right for 512-byte and 4 KiB sectors. */
export const DIRECT_ALIGN_BYTES = 4096;

const WASM_PAGE_BYTES = 65_536;

// The type definitions of Node have no WebAssembly, and those of the browser would bring a whole other world.
declare const WebAssembly: {
  readonly Memory: new (options: {
    initial: number;
    maximum: number;
    shared: true;
  }) => {
    readonly buffer: SharedArrayBuffer;
  };
};

/**
 * A page-aligned buffer of at least `sizeBytes` (rounded up to 64 KiB); it lies in shared memory, so workers may
 * share it. Ordinary buffers are not page-aligned, and direct reads into them fail with EINVAL; a WebAssembly memory
 * is always aligned, with no native code.
 */
export function alignedBuffer(sizeBytes: number): Uint8Array<SharedArrayBuffer> {
  const pages = Math.max(1, Math.ceil(sizeBytes / WASM_PAGE_BYTES));
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  return new Uint8Array(memory.buffer);
}

export interface DirectFile extends AsyncDisposable {
  readonly path: string;
  readonly how: "direct" | "cached";
  readonly handle: FileHandle;
  /**
   * The bytes of [start, end), fewer at the end of the file, as a view into `buffer`, which must be an `alignedBuffer`
   * of at least `end - start + 2 * DIRECT_ALIGN_BYTES` bytes. Any offsets: the read itself is widened to the alignment.
   */
  read(range: Range, buffer: Uint8Array): Promise<Uint8Array>;
}

/** Opens for reading only, direct where the file system allows it: tried with one read, since open alone may lie. */
export async function openDirect(path: string): Promise<DirectFile> {
  const direct = await tryDirect(path);
  const handle = direct ?? (await open(path, constants.O_RDONLY));
  let isOpen = true;
  return {
    path,
    how: direct === null ? "cached" : "direct",
    handle,
    read: (range, buffer) => readAligned(handle, range, buffer),
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
    },
  };
}

async function tryDirect(path: string): Promise<FileHandle | null> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_DIRECT);
  } catch (error) {
    if (isErrno(error, "EINVAL", "EOPNOTSUPP")) return null;
    throw error;
  }
  try {
    await handle.read(alignedBuffer(DIRECT_ALIGN_BYTES), 0, DIRECT_ALIGN_BYTES, 0);
    return handle;
  } catch (error) {
    await handle.close();
    if (isErrno(error, "EINVAL", "EOPNOTSUPP")) return null;
    throw error;
  }
}

async function readAligned(handle: FileHandle, range: Range, buffer: Uint8Array): Promise<Uint8Array> {
  const start = Math.floor(range.start / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
  const end = Math.ceil(range.end / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
  if (end - start > buffer.length)
    throw new RangeError(`Buffer of ${buffer.length} bytes is too small to read ${end - start}`);
  let filled = 0;
  while (filled < end - start) {
    const { bytesRead } = await handle.read(buffer, filled, end - start - filled, start + filled);
    filled += bytesRead;
    // A direct read ends unaligned only at the end of the file; reading on from there would be EINVAL.
    if (bytesRead === 0 || filled % DIRECT_ALIGN_BYTES !== 0) break;
  }
  const from = range.start - start;
  return buffer.subarray(from, Math.max(from, Math.min(filled, range.end - start)));
}

export type Block = {
  /** Offset of the first byte. */
  readonly start: number;
  /** Valid until the next block is asked for. Fewer than asked for only at the end of the file. */
  readonly bytes: Uint8Array;
};

/**
 * The bytes of `ranges`, in their order, in blocks of at most `blockBytes`; no block crosses the end of a range.
 * `inFlight` reads run ahead while the caller works on a block.
 */
export async function* readBlocks(
  file: DirectFile,
  ranges: Iterable<Range>,
  options: { signal: AbortSignal; blockBytes?: number; inFlight?: number },
): AsyncGenerator<Block, void, undefined> {
  const { signal, blockBytes = 2 ** 20, inFlight = 4 } = options;
  const buffers = Array.from({ length: inFlight }, () => alignedBuffer(blockBytes + 2 * DIRECT_ALIGN_BYTES));
  const pieces = cut(ranges, blockBytes);
  const pending: { start: number; buffer: Uint8Array; bytes: Promise<Uint8Array> }[] = [];
  const begin = (buffer: Uint8Array): void => {
    const next = pieces.next();
    if (next.done === true) return;
    const bytes = file.read(next.value, buffer);
    bytes.catch(() => undefined); // it is awaited in its turn, or below
    pending.push({ start: next.value.start, buffer, bytes });
  };
  try {
    for (const buffer of buffers) begin(buffer);
    for (let head = pending.shift(); head !== undefined; head = pending.shift()) {
      const bytes = await head.bytes;
      signal.throwIfAborted();
      yield { start: head.start, bytes };
      begin(head.buffer);
    }
  } finally {
    await Promise.allSettled(pending.map((one) => one.bytes)); // never close a file under a read
  }
}

function* cut(ranges: Iterable<Range>, blockBytes: number): Generator<Range, void, undefined> {
  for (const range of ranges) {
    for (let at = range.start; at < range.end; ) {
      // Cut on the grid, so that only the first and last block of a range are unaligned.
      const end = Math.min(range.end, (Math.floor(at / blockBytes) + 1) * blockBytes);
      yield { start: at, end };
      at = end;
    }
  }
}
