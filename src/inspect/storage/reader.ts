// SPDX-License-Identifier: Apache-2.0
// Bounded reads at an offset: what all parsers of this room get, so that they need no device and tests no root.
import { open } from "node:fs/promises";
import type { DiskSegment, Range } from "../../core/index.ts";

/** At most this much in one read; parsers ask for less. */
export const MAX_READ_BYTES = 16 * 2 ** 20;

/** `read` gives fewer bytes than asked for only at the end. Offsets may be anything a hostile table says. */
export type Reader = {
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
};

/** The part of [offset, offset + length) that lies inside `sizeBytes`; null where there is none. */
function bounded(
  sizeBytes: number,
  offset: number,
  length: number,
): { offset: number; length: number } | null {
  if (length > MAX_READ_BYTES) throw new RangeError(`A read of ${length} bytes is larger than any structure`);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset >= sizeBytes || length <= 0) return null;
  return { offset, length: Math.min(length, sizeBytes - offset) };
}

/** Opens a file or device for reading only; `sizeBytes` is what may be read of it. */
export async function openReader(path: string, sizeBytes: number): Promise<Reader & AsyncDisposable> {
  const handle = await open(path, "r");
  let isOpen = true;
  return {
    sizeBytes,
    async read(offset, length) {
      const inside = bounded(sizeBytes, offset, length);
      if (inside === null) return new Uint8Array(0);
      const bytes = new Uint8Array(inside.length);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, inside.offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    },
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
    },
  };
}

/** Tells of each range that is read. */
export function heardReader(whole: Reader, onRead: (range: Range) => void): Reader {
  return {
    sizeBytes: whole.sizeBytes,
    async read(offset, length) {
      const inside = bounded(whole.sizeBytes, offset, length);
      if (inside === null) return new Uint8Array(0);
      onRead({ start: inside.offset, end: inside.offset + inside.length });
      return await whole.read(offset, length);
    },
  };
}

/** Bytes in memory, for tests and for small parts already read. */
export function bytesReader(bytes: Uint8Array): Reader {
  return {
    sizeBytes: bytes.length,
    async read(offset, length) {
      const inside = bounded(bytes.length, offset, length);
      if (inside === null) return new Uint8Array(0);
      return Uint8Array.from(bytes.subarray(inside.offset, inside.offset + inside.length));
    },
  };
}

/** [start, start + sizeBytes) of another reader. */
export function partReader(whole: Reader, start: number, sizeBytes: number): Reader {
  return {
    sizeBytes,
    async read(offset, length) {
      const inside = bounded(sizeBytes, offset, length);
      return inside === null ? new Uint8Array(0) : whole.read(start + inside.offset, inside.length);
    },
  };
}

/** A volume that lies in pieces. `segments` are in order and without gap, as `diskSegments` of core gives them. */
export function segmentReader(
  segments: readonly DiskSegment[],
  disks: ReadonlyMap<string, Reader>,
  sizeBytes: number,
): Reader {
  return {
    sizeBytes,
    async read(offset, length) {
      const inside = bounded(sizeBytes, offset, length);
      if (inside === null) return new Uint8Array(0);
      const bytes = new Uint8Array(inside.length);
      const end = inside.offset + inside.length;
      for (let i = firstAt(segments, inside.offset); i < segments.length; i += 1) {
        const segment = segments[i];
        if (segment === undefined || segment.from >= end) break;
        const from = Math.max(inside.offset, segment.from);
        const until = Math.min(end, segment.from + segment.length);
        const disk = disks.get(segment.disk);
        if (disk === undefined || until <= from) continue;
        const part = await disk.read(segment.to + (from - segment.from), until - from);
        bytes.set(part, from - inside.offset);
      }
      return bytes;
    },
  };
}

function firstAt(segments: readonly DiskSegment[], offset: number): number {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const segment = segments[middle];
    if (segment !== undefined && segment.from + segment.length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Exactly `length` bytes, or null: a structure that is cut off is not a structure. */
export async function readExactly(
  reader: Reader,
  offset: number,
  length: number,
): Promise<Uint8Array | null> {
  const bytes = await reader.read(offset, length);
  return bytes.length === length ? bytes : null;
}
