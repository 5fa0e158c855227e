// SPDX-License-Identifier: Apache-2.0
// A sender for the contract of receivers: it says what it is told to, be it wrong, and hears the answers.
import { createHash, hash } from "node:crypto";
import { type Duplex, PassThrough } from "node:stream";
import type { ServeOptions } from "../../../src/receiver/serve.ts";
import { encodeFrame, type Frame, FrameDecoder, joinStreams } from "../../../src/wire/index.ts";
import type { Serve } from "../../support/receivers.ts";

export const MIB = 2 ** 20;
/** Two cells of 1 MiB, and one that ends within a block. */
export const SIZE = 2 * MIB + 512;

export type Head = Readonly<Record<string, unknown>>;
export type Message = { readonly head: Head; readonly payload?: Uint8Array };
/** Or bytes that are no frame. */
export type Said = Message | Buffer;

export const hello = (more: Head = {}): Message => ({
  head: { type: "hello", protocols: [1], release: "x", job: "job-a", lane: 0, lanes: 1, ...more },
});

export const open = (seq: number, more: Head = {}): Message => ({
  head: {
    type: "open",
    seq,
    disk: "d-1.img",
    sizeBytes: SIZE,
    segmentBytes: MIB,
    format: "raw",
    mode: "resume",
    join: false,
    ...more,
  },
});

export const message = (type: string, seq: number, more: Head = {}): Message => ({
  head: { type, seq, disk: "d-1.img", ...more },
});

/** The cell that begins at `start`; `wire`: what goes over the wire instead of its content. */
export function data(
  seq: number,
  content: Buffer,
  { start = 0, wire = content, ...more }: { start?: number; wire?: Buffer } & Head = {},
): Message {
  const head = {
    type: "data",
    seq,
    disk: "d-1.img",
    start,
    length: content.length,
    codec: "none",
    wireBytes: wire.length,
    sha256: sha256(content),
    ...more,
  };
  return { head, payload: wire };
}

export const bye: Message = { head: { type: "bye" } };
export const sha256 = (bytes: Buffer): string => hash("sha256", bytes, "hex");
export const rootOf = (...cells: readonly Buffer[]): string => {
  const root = createHash("sha256");
  for (const cell of cells) root.update(hash("sha256", cell, "buffer"));
  return root.digest("hex");
};

export class Peer {
  readonly answers: Frame[] = [];
  readonly #stream: Duplex;
  readonly #gone: Promise<unknown>;
  readonly #heard: Promise<void>;
  #wake = (): void => undefined;
  #over = false;

  constructor(serve: Serve, directory: string, options?: ServeOptions) {
    const [up, down] = [new PassThrough(), new PassThrough()];
    const [stream, far] = [joinStreams(down, up), joinStreams(up, down)];
    for (const end of [stream, far]) end.on("error", () => undefined); // who refuses leaves in the middle of a word
    this.#stream = stream;
    this.#gone = serve(far, directory, { groupMs: 2, ...options });
    this.#gone.catch(() => undefined); // awaited at the end
    const decoder = new FrameDecoder();
    stream.on("data", (bytes: Buffer) => {
      this.answers.push(...decoder.push(bytes));
      this.#wake();
    });
    this.#heard = new Promise((resolve) => {
      const over = (): void => {
        this.#over = true;
        this.#wake();
        resolve();
      };
      stream.once("end", over).once("close", over);
    });
  }

  say(...said: readonly Said[]): void {
    for (const frame of said)
      for (const part of Buffer.isBuffer(frame) ? [frame] : encodeFrame(frame.head, frame.payload))
        if (!this.#stream.destroyed) this.#stream.write(part);
  }

  /** Says it, and waits for the answer to `seq`, of `failed` too; without `seq` for the welcome. */
  async ask(said: Message): Promise<Frame> {
    this.say(said);
    const { seq } = said.head;
    for (;;) {
      const answer = this.answers.find(({ head }) => answers(head, seq));
      if (answer !== undefined) return answer;
      if (this.#over) throw new Error(`No answer to ${String(said.head["type"])}: ${this.failure()}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** No more is said; waits until all was heard and the receiver is gone. */
  async end(): Promise<readonly Frame[]> {
    this.#stream.end();
    return await this.ended();
  }

  /** Waits until the receiver ends by itself. */
  async ended(): Promise<readonly Frame[]> {
    await this.#heard;
    await this.#gone;
    return this.answers;
  }

  /** The link is cut. */
  async cut(): Promise<void> {
    this.#stream.destroy();
    await this.#gone;
  }

  /** The first problem's code, or `none`. */
  failure(): string {
    const failed = this.answers.find(({ head }) => head["type"] === "failed");
    const problem: unknown = failed?.head["problem"];
    return typeof problem === "object" && problem !== null && "code" in problem
      ? String(problem.code)
      : "none";
  }
}

function answers(head: Head, seq: unknown): boolean {
  if (head["type"] === "failed" && head["seq"] === null) return true;
  if (seq === undefined) return head["type"] === "welcome";
  return head["seq"] === seq || (Array.isArray(head["seqs"]) && head["seqs"].includes(seq));
}
