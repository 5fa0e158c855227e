// SPDX-License-Identifier: Apache-2.0
// Frames: 4-byte big-endian length of the head, the head (JSON), then `wireBytes` raw bytes. Bytes in, frames out.
import { ProtocolError } from "./messages.ts";

export const MAX_HEAD_BYTES = 64 * 1024;

/** A segment of 8 MiB, and what compression may add to one that does not shrink. */
export const MAX_PAYLOAD_BYTES = 8 * 2 ** 20 + 64 * 1024;

export type Frame = { readonly head: Readonly<Record<string, unknown>>; readonly payload: Buffer };

const NOTHING = Buffer.alloc(0);

/** The parts of a frame, in order; the payload itself is not copied. RangeError when it breaks a limit. */
export function encodeFrame(
  head: Readonly<Record<string, unknown>>,
  payload: Uint8Array = NOTHING,
): Uint8Array[] {
  if ((head["wireBytes"] ?? 0) !== payload.length)
    throw new RangeError(`Frame announces ${String(head["wireBytes"])} bytes and carries ${payload.length}`);
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new RangeError(`Payload of ${payload.length} bytes is too long`);
  const json = Buffer.from(JSON.stringify(head), "utf8");
  if (json.length > MAX_HEAD_BYTES) throw new RangeError(`Head of ${json.length} bytes is too long`);
  const front = Buffer.allocUnsafe(4 + json.length);
  front.writeUInt32BE(json.length, 0);
  json.copy(front, 4);
  return payload.length === 0 ? [front] : [front, payload];
}

type Stage =
  | { readonly kind: "length"; readonly into: Buffer }
  | { readonly kind: "head"; readonly into: Buffer }
  | { readonly kind: "payload"; readonly into: Buffer; readonly head: Frame["head"] };

/** Memory for so many bytes, exactly. */
export type Take = (sizeBytes: number) => Buffer;

/** Collects frames from pieces of any size. Memory is taken only for a length that was checked. */
export class FrameDecoder {
  readonly #take: Take;
  #stage: Stage = { kind: "length", into: Buffer.alloc(4) };
  #filled = 0;

  /** `take` makes the memory for payloads; by default each gets its own. */
  constructor(take: Take = (sizeBytes) => Buffer.allocUnsafeSlow(sizeBytes)) {
    this.#take = take;
  }

  /** The frames that `bytes` completes. ProtocolError when the bytes are not frames; the decoder is then done for. */
  *push(bytes: Uint8Array): Generator<Frame, void, undefined> {
    let at = 0;
    for (;;) {
      const { into } = this.#stage;
      const count = Math.min(into.length - this.#filled, bytes.length - at);
      into.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < into.length) return;
      const frame = this.#next();
      if (frame !== null) yield frame;
    }
  }

  /** Throws unless the bytes ended at the end of a frame. */
  end(): void {
    if (this.#stage.kind !== "length" || this.#filled > 0)
      throw new ProtocolError("The stream ended inside a frame");
  }

  #next(): Frame | null {
    const stage = this.#stage;
    this.#filled = 0;
    if (stage.kind === "length") {
      const length = stage.into.readUInt32BE(0);
      if (length === 0 || length > MAX_HEAD_BYTES)
        throw new ProtocolError(`A head of ${length} bytes is not accepted`);
      this.#stage = { kind: "head", into: Buffer.allocUnsafe(length) };
      return null;
    }
    if (stage.kind === "head") {
      const head = parseHead(stage.into);
      const wireBytes = checkWireBytes(head["wireBytes"]);
      if (wireBytes > 0) {
        this.#stage = { kind: "payload", into: this.#take(wireBytes), head };
        return null;
      }
      this.#stage = { kind: "length", into: Buffer.allocUnsafe(4) };
      return { head, payload: NOTHING };
    }
    this.#stage = { kind: "length", into: Buffer.allocUnsafe(4) };
    return { head: stage.head, payload: stage.into };
  }
}

function parseHead(bytes: Buffer): Frame["head"] {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new ProtocolError("A head is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ProtocolError("A head is not an object");
  return { ...value };
}

function checkWireBytes(value: unknown): number {
  if (value === undefined) return 0;
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > MAX_PAYLOAD_BYTES)
    throw new ProtocolError(`A payload of ${JSON.stringify(value).slice(0, 40)} bytes is not accepted`);
  return value;
}
