// SPDX-License-Identifier: Apache-2.0
// Frames between the terminal here, the end of the connection there, and the job: kind, length, bytes. Pure, but for readFirst.
import type { Readable } from "node:stream";

/** A byte on the wire is the place in this list. */
const KINDS = [
  // From the terminal.
  "hello",
  "input",
  "input-end",
  "resize",
  "signal",
  "shown",
  "done",
  // To the terminal.
  "welcome",
  "out",
  "err",
  "end",
  "refused",
  "taken",
  "failed",
] as const;
export type FrameKind = (typeof KINDS)[number];

export type Frame = { readonly kind: FrameKind; readonly payload: Buffer };

const HEAD_BYTES = 5;
export const MAX_PAYLOAD_BYTES = 2 ** 20;

export function encodeFrame(kind: FrameKind, payload: Uint8Array | object = Buffer.alloc(0)): Buffer {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload), "utf8");
  if (bytes.length > MAX_PAYLOAD_BYTES) throw new RangeError(`A frame of ${bytes.length} bytes is too long`);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(KINDS.indexOf(kind), 0);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Takes bytes as they come. RangeError for what is no frame: the two programs are of one version, so something else spoke. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** What is not yet a frame. */
  get rest(): Buffer {
    return this.#rest;
  }

  push(bytes: Uint8Array): readonly Frame[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    for (let frame = this.take(); frame !== null; frame = this.take()) frames.push(frame);
    return frames;
  }

  /** The first one of what is there; null: not yet whole. */
  take(more: Uint8Array = Buffer.alloc(0)): Frame | null {
    if (more.length > 0) this.#rest = Buffer.concat([this.#rest, more]);
    if (this.#rest.length < HEAD_BYTES) return null;
    const kind = KINDS[this.#rest.readUInt8(0)];
    const sizeBytes = this.#rest.readUInt32LE(1);
    if (kind === undefined || sizeBytes > MAX_PAYLOAD_BYTES) throw new RangeError("That is no frame");
    const end = HEAD_BYTES + sizeBytes;
    if (this.#rest.length < end) return null;
    const payload = this.#rest.subarray(HEAD_BYTES, end);
    this.#rest = this.#rest.subarray(end);
    return { kind, payload };
  }
}

/** The first frame of a stream, which keeps what follows. null: it ends before. */
export async function readFirst(stream: Readable): Promise<Frame | null> {
  const reader = new FrameReader();
  for await (const part of stream.iterator({ destroyOnReturn: false })) {
    const frame = reader.take(part as Buffer);
    if (frame === null) continue;
    if (reader.rest.length > 0) stream.unshift(reader.rest);
    return frame;
  }
  return null;
}
