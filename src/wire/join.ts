// SPDX-License-Identifier: Apache-2.0
// Two one-way streams as one byte stream. Node's Duplex.from() loses the callback of a write that was under way when
// it is destroyed, and never closes over process.stdout, which never closes; who waits for these would wait for ever.
import { Duplex, type Readable, type Writable } from "node:stream";

export function joinStreams(readable: Readable, writable: Writable): Duplex {
  const joined = new Duplex({
    read: () => void readable.resume(),
    write: (chunk: Uint8Array, _encoding, done) => void writable.write(chunk, done),
    final: (done) => void writable.end(() => done()),
    destroy(error, done) {
      readable.destroy();
      writable.destroy();
      done(error);
    },
  });
  readable.on("data", (chunk: Uint8Array) => {
    if (!joined.push(chunk)) readable.pause();
  });
  readable.on("end", () => joined.push(null));
  readable.on("error", (error) => joined.destroy(error));
  readable.on("close", () => {
    if (!readable.readableEnded) joined.destroy();
  });
  // The readable side may still hold the reason: it is read to its end.
  writable.on("error", () => undefined);
  readable.pause();
  return joined;
}
