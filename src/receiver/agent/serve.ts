// SPDX-License-Identifier: Apache-2.0
// The agent's side of one connection: hello, then disks are opened, filled and closed. It trusts nothing it is told.
import { realpath } from "node:fs/promises";
import type { Duplex } from "node:stream";
import { cellBuffers, isErrno } from "../../system/index.ts";
import {
  Channel,
  type DataMessage,
  diskFiles,
  type Frame,
  type FromAgent,
  LinkLost,
  MAX_HASH_RANGE_BYTES,
  parseToAgent,
  PROTOCOLS,
  ProtocolError,
  Slots,
  type ToAgent,
} from "../../wire/index.ts";
import { OpenDisk } from "./disk.ts";
import { Flusher } from "./flusher.ts";
import { expectLock, lockDirectory } from "./lock.ts";
import { ReceiverProblem, problemOf } from "../problem.ts";

/** Cells that are unpacked and written at one time; more are left in the stream. */
const CELLS_IN_FLIGHT = 6;
const MAX_OPEN_DISKS = 64;
/** The sender says something every 15 s. After this long without a word it is gone, though its TCP may not know. */
const SILENCE_MS = 90_000;
/** So long a sender may take to hear why the session ended, before the connection goes. */
const LAST_WORDS_MS = 5000;

export type AgentOptions = {
  readonly stream: Duplex;
  readonly directory: string;
  readonly release: string;
  /** Nobody else has what the stream gives, so its memory is given back at once. */
  readonly ownsStream?: boolean;
  /** A written cell waits so long for others to be flushed with it. Default 100. */
  readonly groupMs?: number;
};

/** Serves until the sender ends. True when it said goodbye; what was acknowledged is durable in any case. */
export async function serveAgent({
  stream,
  directory,
  release,
  ownsStream = false,
  groupMs = 100,
}: AgentOptions): Promise<boolean> {
  const channel = new Channel(stream);
  const session = new Session(channel, { directory, release, groupMs });
  const silence = setInterval(() => {
    if (session.silentMs() > SILENCE_MS) channel.destroy();
  }, 5000);
  try {
    for await (const frame of channel.frames({ take: takePayload, frees: ownsStream })) {
      session.heard();
      if (!(await session.accept(frame))) return true;
      session.waits();
    }
    return false;
  } catch (error) {
    if (error instanceof LinkLost) return false;
    await session.say({ type: "failed", seq: null, ...problemOf(error, directory) }).catch(() => undefined);
    channel.end();
    await channel.discard(LAST_WORDS_MS);
    return false;
  } finally {
    clearInterval(silence);
    await session.close();
    channel.end();
  }
}

/** Payloads lie where the threads can read them, and their memory is used again. */
function takePayload(sizeBytes: number): Buffer {
  return Buffer.from(cellBuffers().take(sizeBytes).buffer, 0, sizeBytes);
}

class Session {
  readonly #channel: Channel;
  readonly #release: string;
  readonly #resources = new AsyncDisposableStack();
  readonly #disks = new Map<string, OpenDisk>();
  readonly #slots = new Slots(CELLS_IN_FLIGHT);
  readonly #flusher: Flusher;
  #directory: string;
  #greeted = false;
  #lastSeq = -1;
  #waitsSince = performance.now();
  #busy = false;
  #fatal: { error: unknown } | null = null;

  constructor(
    channel: Channel,
    { directory, release, groupMs }: Omit<Required<AgentOptions>, "stream" | "ownsStream">,
  ) {
    this.#channel = channel;
    this.#directory = directory;
    this.#release = release;
    this.#flusher = new Flusher(groupMs, {
      durable: (seqs) => this.say({ type: "durable", seqs }),
      differs: (seq, error) => this.say({ type: "failed", seq, problem: error.problem, retry: error.retry }),
      fatal: (error) => this.#fail(error),
    });
  }

  heard(): void {
    this.#busy = true;
  }

  waits(): void {
    this.#busy = false;
    this.#waitsSince = performance.now();
  }

  silentMs(): number {
    return this.#busy ? 0 : performance.now() - this.#waitsSince;
  }

  async say(message: FromAgent, payload?: Uint8Array): Promise<void> {
    await this.#channel.send(message, payload);
  }

  /** False at the sender's goodbye. Throws what ends the session. */
  async accept({ head, payload }: Frame): Promise<boolean> {
    if (this.#fatal !== null) throw this.#fatal.error;
    if (!this.#greeted) {
      await this.#greet(head);
      return true;
    }
    const message = parseToAgent(head);
    if (message.type === "bye") return false;
    if (message.type === "hello") throw new ProtocolError("A second hello");
    if (message.seq <= this.#lastSeq)
      throw new ProtocolError(`Message ${message.seq} comes after ${this.#lastSeq}`);
    this.#lastSeq = message.seq;
    await this.#act(message, payload);
    return true;
  }

  /** A new program may say hello in ways this agent does not know: only `protocols` is looked at first. */
  async #greet(head: Frame["head"]): Promise<void> {
    const offered = head["type"] === "hello" ? head["protocols"] : null;
    if (!Array.isArray(offered)) throw new ProtocolError("The first message is no hello");
    const protocol = PROTOCOLS.find((one) => offered.includes(one));
    if (protocol === undefined)
      throw new ReceiverProblem(
        "protocol-unknown",
        `The agent (release ${this.#release}) speaks protocol ${PROTOCOLS.join(", ")}; the program offers ${offered.slice(0, 16).join(", ")}`,
        { advice: "Use the same release of virt-p2v at both ends" },
      );
    const hello = parseToAgent(head);
    if (hello.type !== "hello") throw new ProtocolError("The first message is no hello");
    try {
      this.#directory = await realpath(this.#directory);
      if (hello.lane === 0) this.#resources.use(await lockDirectory(this.#directory, hello.job));
      else await expectLock(this.#directory, hello.job);
    } catch (error) {
      if (!isErrno(error, "ENOENT", "ENOTDIR")) throw error;
      throw new ReceiverProblem("destination-absent", `There is no directory ${this.#directory}`, {
        advice: "Create it, and run the same command again",
        cause: error,
      });
    }
    this.#greeted = true;
    await this.say({ type: "welcome", protocol, release: this.#release });
  }

  async #act(message: Exclude<ToAgent, { type: "hello" | "bye" }>, payload: Buffer): Promise<void> {
    switch (message.type) {
      case "open":
        return await this.#open(message);
      case "data": {
        const disk = this.#disk(message.disk);
        const index = disk.claim(message);
        await this.#inSlot(async () => this.#write(disk, index, message, payload));
        return;
      }
      case "zero": {
        const disk = this.#disk(message.disk);
        const cells = disk.cells(message);
        const touched = await disk.zero(cells);
        this.#flusher.add({ kind: "zero", disk, seq: message.seq, cells, touched });
        return;
      }
      case "list": {
        const disk = this.#disk(message.disk);
        const last = Math.min(
          message.first + message.count,
          Math.ceil(disk.grid.sizeBytes / disk.grid.segmentBytes),
        );
        const entries = await disk.sidecar.read(message.first, Math.max(message.first, last));
        return await this.say({ type: "entries", seq: message.seq, wireBytes: entries.length }, entries);
      }
      case "hash-range": {
        const disk = this.#disk(message.disk);
        const { start, end } = message;
        if (start >= end || end > disk.grid.sizeBytes || end - start > MAX_HASH_RANGE_BYTES)
          throw new ProtocolError(`${start} to ${end} cannot be hashed`);
        return await this.say({
          type: "range-hash",
          seq: message.seq,
          sha256: await disk.hashOf({ start, end }),
        });
      }
      case "close":
        return await this.#close(message);
      case "ping":
        return await this.say({ type: "pong", seq: message.seq });
    }
  }

  async #open(message: Extract<ToAgent, { type: "open" }>): Promise<void> {
    const { hashes } = diskFiles(message.disk);
    for (const name of this.#disks.keys())
      if (diskFiles(name).hashes === hashes)
        throw new ProtocolError(`${message.disk} is open already, as ${name}`);
    if (this.#disks.size >= MAX_OPEN_DISKS) throw new ProtocolError("Too many open disks");
    const disk = await OpenDisk.open(this.#directory, message);
    this.#disks.set(message.disk, disk);
    const { kept, readBack } = disk;
    await this.say({ type: "opened", seq: message.seq, disk: message.disk, kept, readBack });
  }

  async #write(disk: OpenDisk, index: number, message: DataMessage, payload: Buffer): Promise<void> {
    try {
      await disk.write(index, message, payload);
    } catch (error) {
      disk.release(index, { sure: false });
      if (!(error instanceof ReceiverProblem && error.retry)) throw error;
      return await this.say({ type: "failed", seq: message.seq, problem: error.problem, retry: true });
    }
    this.#flusher.add({ kind: "cell", disk, seq: message.seq, index, sha256: message.sha256 });
  }

  /** Complete only when every cell is durable; the root hash covers them all. */
  async #close({ seq, disk: name }: Extract<ToAgent, { type: "close" }>): Promise<void> {
    const disk = this.#disk(name);
    await this.#slots.idle();
    await this.#flusher.drain();
    if (this.#fatal !== null) throw this.#fatal.error;
    const { sha256, missing } = await disk.sidecar.root();
    if (missing > 0) throw new ProtocolError(`${missing} cells of ${name} are not durable`);
    this.#disks.delete(name);
    await disk.close();
    await this.say({ type: "closed", seq, rootSha256: sha256 });
  }

  #disk(name: string): OpenDisk {
    const disk = this.#disks.get(name);
    if (disk === undefined) throw new ProtocolError(`${name} is not open`);
    return disk;
  }

  async #inSlot(act: () => Promise<void>): Promise<void> {
    await this.#slots.take();
    act()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#slots.give());
  }

  /** Tells at once: the sender may be waiting for acknowledgements and send nothing more. */
  #fail(error: unknown): void {
    if (this.#fatal !== null) return;
    this.#fatal = { error };
    if (error instanceof LinkLost) return;
    this.say({ type: "failed", seq: null, ...problemOf(error, this.#directory) })
      .catch(() => undefined)
      .finally(() => this.#channel.end());
  }

  async close(): Promise<void> {
    await this.#slots.idle();
    await this.#flusher.drain();
    for (const disk of this.#disks.values()) await disk[Symbol.asyncDispose]();
    await this.#resources.disposeAsync();
  }
}
