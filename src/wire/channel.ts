// SPDX-License-Identifier: Apache-2.0
// Frames over a byte stream, both ways. It knows no message.
import type { Duplex } from "node:stream";
import { encodeFrame, type Frame, FrameDecoder, type Take } from "./codec.ts";
import { ProtocolError } from "./messages.ts";

/** The stream ended or broke. */
export class LinkLost extends Error {
  override readonly name = "LinkLost";
}

export class Channel {
  readonly #stream: Duplex;
  #broken: Error | null = null;
  /** Rejects when the stream closes: a write that is under way then may never be called back. */
  readonly #closed: Promise<never>;

  constructor(stream: Duplex) {
    this.#stream = stream;
    // Without a listener an EPIPE would end the process; whoever sends or reads gets the error.
    stream.on("error", (error) => {
      this.#broken ??= error;
    });
    this.#closed = new Promise((_, reject) => {
      stream.once("close", () => reject(new LinkLost("The connection is closed", { cause: this.#broken })));
    });
    this.#closed.catch(() => undefined);
  }

  /** Resolves when the stream has taken all bytes: `payload` may be overwritten then. LinkLost when it cannot. */
  async send(head: Readonly<Record<string, unknown>>, payload?: Uint8Array): Promise<number> {
    const parts = encodeFrame(head, payload);
    const stream = this.#stream;
    if (this.#broken !== null || stream.destroyed || stream.writableEnded)
      throw new LinkLost("The connection is closed", { cause: this.#broken });
    const written = new Promise<void>((resolve, reject) => {
      const done = (error: Error | null | undefined): void => {
        if (error === null || error === undefined) resolve();
        else reject(new LinkLost("The connection broke", { cause: error }));
      };
      stream.cork();
      parts.forEach((part, i) => stream.write(part, i === parts.length - 1 ? done : undefined));
      stream.uncork();
    });
    await Promise.race([written, this.#closed]);
    return parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** Frames as they come, until the other side ends between two frames. LinkLost for any other end. */
  async *frames(take?: Take): AsyncGenerator<Frame, void, undefined> {
    const decoder = new FrameDecoder(take);
    try {
      // Leaving early must not destroy the stream: there may be a last word to say.
      for await (const bytes of this.#stream.iterator({ destroyOnReturn: false })) {
        if (!(bytes instanceof Uint8Array)) throw new TypeError("The stream gives no bytes");
        yield* decoder.push(bytes);
      }
      decoder.end();
    } catch (error) {
      if (isStreamError(error)) throw new LinkLost("The connection broke", { cause: error });
      if (error instanceof ProtocolError && error.message.endsWith("inside a frame"))
        throw new LinkLost("The connection was cut", { cause: error });
      throw error;
    }
  }

  /** Reads and forgets until the other side ends, or for so long: it may be deaf while it sends, and then miss what was said. */
  async discard(timeoutMs: number): Promise<void> {
    const limit = setTimeout(() => this.#stream.destroy(), timeoutMs);
    await new Promise<void>((resolve) => {
      if (this.#stream.destroyed || this.#stream.readableEnded) return resolve();
      this.#stream.once("end", resolve).once("close", resolve).resume();
    });
    clearTimeout(limit);
  }

  /** No more will be sent. */
  end(): void {
    if (!this.#stream.writableEnded) this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

function isStreamError(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^(E[A-Z]+$|ERR_STREAM_)/.test(error.code)
  );
}
