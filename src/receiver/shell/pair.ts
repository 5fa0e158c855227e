// SPDX-License-Identifier: Apache-2.0
// Two ends of one byte stream in this process. Unlike Node's duplexPair(), what is written is copied, since the writer uses
// its memory again once it is told; and when one end closes, so does the other.
import { Duplex } from "node:stream";

class End extends Duplex {
  other: End | null = null;
  #waiting: (() => void) | null = null;

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { other } = this;
    if (other === null || other.destroyed) return done(new Error("The other end is closed"));
    if (other.push(Buffer.from(chunk))) done();
    else other.#waiting = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.other?.push(null);
    done();
  }

  override _read(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.();
    setImmediate(() => this.other?.destroy());
    done(error);
  }
}

export function streamPair(): readonly [Duplex, Duplex] {
  const [here, there] = [new End(), new End()];
  here.other = there;
  there.other = here;
  return [here, there];
}
