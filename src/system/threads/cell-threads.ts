// SPDX-License-Identifier: Apache-2.0
// CPU work on cells in threads of their own: SHA-256 and zstd. Bytes lie in shared memory, so none are copied or
// allocated here for each cell: in the main thread that alone kept the garbage collector at 20 % of all CPU time.
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { z } from "zod";

export type SharedBytes = Uint8Array<SharedArrayBuffer>;

export type Packed = {
  readonly sha256: Buffer;
  /** `same`: the hash is the known one, so nothing was packed. `none`: it does not shrink. */
  readonly codec: "same" | "none" | "zstd";
  /** Of `into`, with codec `zstd`; else 0. */
  readonly packedBytes: number;
  /** Time that packing took, in ms; 0 when nothing was tried. */
  readonly packMs: number;
};

type Job =
  | { readonly act: "hash"; readonly bytes: SharedBytes }
  | {
      readonly act: "pack";
      readonly bytes: SharedBytes;
      readonly into: SharedBytes;
      /** null: not to be compressed. */
      readonly level: number | null;
      readonly known: Uint8Array | null;
    }
  | { readonly act: "unpack"; readonly bytes: SharedBytes; readonly into: SharedBytes };

const answerSchema = z.object({
  sha256: z.instanceof(Uint8Array).nullable(),
  codec: z.enum(["same", "none", "zstd"]),
  bytes: z.int(),
  packMs: z.number(),
});
type Answer = z.infer<typeof answerSchema>;

type Waiting = { readonly resolve: (answer: Answer) => void; readonly reject: (error: unknown) => void };
type Thread = { readonly worker: Worker; readonly waiting: Waiting[] };

/** Enough for 10 Gbit; each takes some 20 MB. */
const MAX_THREADS = 4;

let shared: CellThreads | null = null;

/** Those of this process, one for each core and at most 4: all disks and lanes share the cores. They keep nobody from ending. */
export function cellThreads(): CellThreads {
  shared ??= new CellThreads(Math.min(MAX_THREADS, availableParallelism()));
  return shared;
}

export class CellThreads implements AsyncDisposable {
  readonly count: number;
  readonly #threads: Thread[] = [];
  #failed: { error: unknown } | null = null;

  /** Threads start when they are first needed. */
  constructor(count: number) {
    this.count = count;
  }

  async hash(bytes: SharedBytes): Promise<Buffer> {
    const { sha256 } = await this.#do({ act: "hash", bytes });
    return bufferOf(sha256);
  }

  /** SHA-256 of a cell; unless it is `known`, the cell packed into `into`, where that makes it smaller. */
  async pack(
    bytes: SharedBytes,
    into: SharedBytes,
    options: { level: number | null; known: Uint8Array | null },
  ): Promise<Packed> {
    const answer = await this.#do({ act: "pack", bytes, into, ...options });
    const { codec, packMs } = answer;
    return { sha256: bufferOf(answer.sha256), codec, packedBytes: answer.bytes, packMs };
  }

  /** False unless `bytes` are one packed cell that fills `into` exactly. Nothing beyond it is ever written. */
  async unpack(bytes: SharedBytes, into: SharedBytes): Promise<boolean> {
    return (await this.#do({ act: "unpack", bytes, into })).bytes === into.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new Error("The threads are ended"));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #do(job: Job): Promise<Answer> {
    if (this.#failed !== null) return Promise.reject(this.#failed.error);
    const thread = this.#leastBusy();
    const answer = new Promise<Answer>((resolve, reject) => thread.waiting.push({ resolve, reject }));
    if (thread.waiting.length === 1) thread.worker.ref();
    thread.worker.postMessage(job, []);
    return answer;
  }

  #leastBusy(): Thread {
    let best: Thread | undefined;
    for (const thread of this.#threads)
      if (best === undefined || thread.waiting.length < best.waiting.length) best = thread;
    if (best !== undefined && (best.waiting.length === 0 || this.#threads.length >= this.count)) return best;
    const made = this.#start();
    this.#threads.push(made);
    return made;
  }

  #start(): Thread {
    // As text, so that the program stays one file wherever it is bundled into one.
    const worker = new Worker(`(${String(threadMain)})()`, { eval: true, name: "cells" });
    const waiting: Waiting[] = [];
    worker.on("message", (message) => {
      // Answers come in the order of the jobs.
      const one = waiting.shift();
      if (waiting.length === 0) worker.unref();
      const answer = answerSchema.safeParse(message);
      if (answer.success) one?.resolve(answer.data);
      else this.#fail(new Error(`A thread answers ${JSON.stringify(message)}`));
    });
    worker.on("error", (error) => this.#fail(error));
    worker.unref();
    return { worker, waiting };
  }

  #fail(error: unknown): void {
    this.#failed ??= { error };
    for (const { waiting } of this.#threads) for (const one of waiting.splice(0)) one.reject(error);
  }
}

function bufferOf(bytes: Uint8Array | null): Buffer {
  if (bytes === null) throw new TypeError("A thread answers without a hash");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Runs in the thread, from its own text: it may use nothing of this file. */
function threadMain(): void {
  const { parentPort } = process.getBuiltinModule("node:worker_threads");
  const { hash } = process.getBuiltinModule("node:crypto");
  const zlib = process.getBuiltinModule("node:zlib");
  /** What does not shrink below this part is sent as it is: unpacking would cost more than it saves. */
  const WORTH = 0.95;
  /** A piece of a cell tells whether the rest is worth trying: of films and archives nothing shrinks. */
  const SAMPLE_BYTES = 16_384;
  const zstd = (bytes: Uint8Array, level: number): Uint8Array =>
    zlib.zstdCompressSync(bytes, {
      chunkSize: bytes.length + (bytes.length >>> 8) + 1024, // one piece always: several would have to be joined
      params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
    });
  /** Freed now, not when the collector finds it: until then 64 MiB of such garbage would lie about in each thread. */
  const free = ({ buffer }: Uint8Array): void => {
    // Smaller ones may lie in Node's pool, with others.
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= 2 ** 18) buffer.transfer(0);
  };
  const shrinks = (bytes: Uint8Array): boolean => {
    if (bytes.length <= 4 * SAMPLE_BYTES) return true;
    for (const part of [0.2, 0.5, 0.8]) {
      const at = Math.floor(bytes.length * part);
      if (zstd(bytes.subarray(at, at + SAMPLE_BYTES), 1).length < SAMPLE_BYTES * WORTH) return true;
    }
    return false;
  };
  const ZEROS = Buffer.alloc(2 ** 20);
  const isZero = (bytes: Uint8Array): boolean => {
    for (let at = 0; at < bytes.length; at += ZEROS.length) {
      const count = Math.min(ZEROS.length, bytes.length - at);
      if (ZEROS.compare(bytes, at, at + count, 0, count) !== 0) return false;
    }
    return true;
  };
  const zeroHashes = new Map<number, Buffer<ArrayBuffer>>();
  /** Empty tables of a file system are used but zero, and looking is twenty times as fast as hashing. */
  const hashOf = (bytes: Uint8Array): Buffer<ArrayBuffer> => {
    if (!isZero(bytes)) return hash("sha256", bytes, "buffer");
    const known = zeroHashes.get(bytes.length) ?? hash("sha256", bytes, "buffer");
    if (zeroHashes.size < 64) zeroHashes.set(bytes.length, known);
    return known;
  };
  const pack = (job: Extract<Job, { act: "pack" }>): Answer => {
    const sha256 = hashOf(job.bytes);
    if (job.known !== null && sha256.equals(job.known)) return { sha256, codec: "same", bytes: 0, packMs: 0 };
    if (job.level === null) return { sha256, codec: "none", bytes: 0, packMs: 0 };
    const begun = performance.now();
    const packed = shrinks(job.bytes) ? zstd(job.bytes, job.level) : null;
    const packMs = performance.now() - begun;
    const bytes = packed === null || packed.length >= job.bytes.length * WORTH ? 0 : packed.length;
    if (packed !== null && bytes > 0) job.into.set(packed);
    if (packed !== null) free(packed);
    return { sha256, codec: bytes > 0 ? "zstd" : "none", bytes, packMs };
  };
  const unpack = (job: Extract<Job, { act: "unpack" }>): Answer => {
    const { length } = job.into;
    let bytes = -1;
    try {
      // No more than its length, so that hostile bytes cannot take memory.
      const content = zlib.zstdDecompressSync(job.bytes, { chunkSize: length + 64, maxOutputLength: length });
      if (content.length === length) job.into.set(content);
      bytes = content.length;
      free(content);
    } catch {
      // damaged: the length says so
    }
    return { sha256: null, codec: "none", bytes, packMs: 0 };
  };
  parentPort?.on("message", (job: Job) => {
    const answer =
      job.act === "pack"
        ? pack(job)
        : job.act === "unpack"
          ? unpack(job)
          : { sha256: hashOf(job.bytes), codec: "none", bytes: 0, packMs: 0 };
    parentPort.postMessage(answer, []);
  });
}
