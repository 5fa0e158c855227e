// SPDX-License-Identifier: Apache-2.0
// Frames over a byte stream, both ways. It knows no message.
import type { Duplex } from "node:stream";
import { encodeFrame, type Frame, FrameDecoder, type Take } from "./codec.ts";

/** The stream ended or broke. */
export class LinkLost extends Error {
  override readonly name = "LinkLost";
}

type Reading = { readonly take?: Take | undefined; readonly frees?: boolean };

/** Frames that nobody has asked for yet; then the stream is left alone, so that the other side waits. */
const MAX_QUEUE = 2;

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

  /**
   * Frames as they come, until the other side ends between two frames. LinkLost for any other end. `take`: memory for
   * payloads. `frees`: nobody else has the stream's pieces, so their memory is given back when they are read.
   */
  async *frames({ take, frees = false }: Reading = {}): AsyncGenerator<Frame, void, undefined> {
    const stream = this.#stream;
    const decoder = new FrameDecoder(take);
    const queue: Frame[] = [];
    let end: { readonly error: Error | null } | null = null;
    let wake = (): void => undefined;
    const onEnd = (error: Error | null): void => {
      end ??= { error };
      wake();
    };
    const onData = (bytes: Uint8Array): void => {
      if (end !== null) return;
      try {
        queue.push(...decoder.push(bytes));
      } catch (error) {
        onEnd(error instanceof Error ? error : new Error(String(error)));
      }
      if (frees && bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
      if (queue.length >= MAX_QUEUE) stream.pause();
      wake();
    };
    const listeners = {
      data: onData,
      end: () => onEnd(null),
      error: (error: Error) => onEnd(new LinkLost("The connection broke", { cause: error })),
      close: () => onEnd(new LinkLost("The connection is closed", { cause: this.#broken })),
    };
    if (stream.destroyed) listeners.close();
    if (stream.readableEnded) listeners.end();
    // Leaving early must not destroy the stream: there may be a last word to say.
    for (const [name, listener] of Object.entries(listeners)) stream.on(name, listener);
    stream.resume();
    try {
      for (;;) {
        const frame = queue.shift();
        if (frame !== undefined) {
          if (queue.length < MAX_QUEUE && stream.isPaused()) stream.resume();
          yield frame;
        } else if (end !== null) break;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      for (const [name, listener] of Object.entries(listeners)) stream.off(name, listener);
      stream.pause();
    }
    finish(end, decoder);
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

/** Throws unless the bytes ended at the end of a frame, and by themselves. */
function finish({ error }: { readonly error: Error | null }, decoder: FrameDecoder): void {
  if (error !== null) throw error;
  try {
    decoder.end();
  } catch (cause) {
    throw new LinkLost("The connection was cut", { cause });
  }
}
