// SPDX-License-Identifier: Apache-2.0
// Page-aligned buffers in shared memory that are used again and again: fresh memory for each cell costs page faults,
// and rounds of the garbage collector.
import { alignedBuffer } from "../devices/direct.ts";
import type { SharedBytes } from "./cell-threads.ts";

let shared: BufferPool | null = null;

/** The one of this process. */
export function cellBuffers(): BufferPool {
  shared ??= new BufferPool();
  return shared;
}

class BufferPool {
  readonly #free: SharedBytes[] = [];
  #sizeBytes = 0;

  /** At least so many bytes, with anything in them. */
  take(sizeBytes: number): SharedBytes {
    if (sizeBytes > this.#sizeBytes) {
      this.#sizeBytes = sizeBytes;
      this.#free.length = 0; // all too small from now on
    }
    return this.#free.pop() ?? alignedBuffer(this.#sizeBytes);
  }

  /** The very buffer that was taken, or any view of it. Whoever forgets this only wastes memory. */
  give(buffer: Uint8Array): void {
    if (!(buffer.buffer instanceof SharedArrayBuffer) || buffer.buffer.byteLength < this.#sizeBytes) return;
    this.#free.push(new Uint8Array(buffer.buffer));
  }
}

/** The same bytes, in shared memory: themselves when they are there already. */
export function sharedBytes(bytes: Uint8Array): SharedBytes {
  const { buffer, byteOffset, length } = bytes;
  if (buffer instanceof SharedArrayBuffer) return new Uint8Array(buffer, byteOffset, length);
  const copy = new Uint8Array(new SharedArrayBuffer(length));
  copy.set(bytes);
  return copy;
}
