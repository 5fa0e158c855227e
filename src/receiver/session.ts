// SPDX-License-Identifier: Apache-2.0
// The rules of one connection: hello, then disks are opened, filled and closed. It trusts nothing that it receives.
import {
  type Channel,
  type DataMessage,
  diskFiles,
  type Frame,
  type FromAgent,
  LinkLost,
  parseToAgent,
  PROTOCOLS,
  ProtocolError,
  Slots,
  type ToAgent,
} from "../wire/index.ts";
import { Flusher } from "./flusher.ts";
import { holdDirectory } from "./lock.ts";
import { OpenDisk } from "./open-disk.ts";
import { problemOf, ReceiverProblem } from "./problem.ts";
import type { Store } from "./store.ts";

/** Cells that are unpacked and written at one time; more are left in the stream. */
const CELLS_IN_FLIGHT = 6;
/** What is written and not yet acknowledged; more is left in the stream. */
const MAX_WAITING = 4096;
const MAX_OPEN_DISKS = 64;
/** Of what a stranger offers, so much is repeated to the person. */
const PROTOCOLS_SHOWN = 16;

type Message<T extends ToAgent["type"]> = Extract<ToAgent, { type: T }>;

export class Session {
  readonly #channel: Channel;
  readonly #store: Store;
  readonly #disks = new Map<string, OpenDisk>();
  readonly #slots = new Slots(CELLS_IN_FLIGHT);
  readonly #flusher: Flusher;
  #greeted = false;
  #lastSeq = -1;
  #fatal: { error: unknown } | null = null;

  constructor(channel: Channel, store: Store, { groupMs }: { groupMs: number }) {
    this.#channel = channel;
    this.#store = store;
    this.#flusher = new Flusher(groupMs, {
      durable: (seqs) => this.#say({ type: "durable", seqs }),
      differs: (seq, { problem, retry }) => this.#say({ type: "failed", seq, problem, retry }),
      fatal: (error) => this.#fail(error),
    });
  }

  /** False at the sender's goodbye. Throws what ends the session. */
  async accept({ head, payload }: Frame): Promise<boolean> {
    this.#throwFatal();
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
    if (this.#flusher.waiting >= MAX_WAITING) await this.#flusher.drain();
    await this.#act(message, payload);
    return true;
  }

  /** Tells the sender why this ends. */
  async sayWhy(error: unknown): Promise<void> {
    await this.#say({ type: "failed", seq: null, ...problemOf(error, this.#store.where) });
  }

  /** What was received in full is durable then, as far as that can be. */
  async close(): Promise<void> {
    await this.#slots.idle();
    await this.#flusher.drain();
    for (const disk of this.#disks.values()) await disk[Symbol.asyncDispose]();
  }

  async #say(message: FromAgent, payload?: Uint8Array): Promise<void> {
    await this.#channel.send(message, payload);
  }

  /** A new program may say hello in ways this one does not know: only `protocols` is looked at first. */
  async #greet(head: Frame["head"]): Promise<void> {
    const offered = head["type"] === "hello" ? head["protocols"] : null;
    if (!Array.isArray(offered)) throw new ProtocolError("The first message is not a hello");
    const protocol = PROTOCOLS.find((known) => offered.includes(known));
    if (protocol === undefined)
      throw new ReceiverProblem(
        "protocol-unknown",
        `The agent (release ${this.#store.release}) speaks protocol ${PROTOCOLS.join(", ")}; the program offers ${offered.slice(0, PROTOCOLS_SHOWN).join(", ")}`,
        { advice: "Use the same release of virt-p2v at both ends" },
      );
    const hello = parseToAgent(head);
    if (hello.type !== "hello") throw new ProtocolError("The first message is not a hello");
    await this.#store.enter();
    await holdDirectory(this.#store, hello);
    this.#greeted = true;
    await this.#say({ type: "welcome", protocol, release: this.#store.release });
  }

  async #act(message: Exclude<ToAgent, { type: "hello" | "bye" }>, payload: Buffer): Promise<void> {
    const { seq } = message;
    switch (message.type) {
      case "open":
        return await this.#open(message);
      case "data": {
        const disk = this.#disk(message.disk);
        const index = disk.claim(message);
        return await this.#inSlot(() => this.#write(disk, index, message, payload));
      }
      case "zero": {
        const disk = this.#disk(message.disk);
        const cells = disk.claimRange(message);
        const touched = await disk.zero(cells);
        return this.#flusher.add({ kind: "zero", disk, seq, cells, touched });
      }
      case "list": {
        const entries = await this.#disk(message.disk).entries.list(message);
        return await this.#say({ type: "entries", seq, wireBytes: entries.length }, entries);
      }
      case "hash-range": {
        const sha256 = await this.#disk(message.disk).hash(message);
        return await this.#say({ type: "range-hash", seq, sha256 });
      }
      case "close":
        return await this.#close(message);
      case "ping":
        return await this.#say({ type: "pong", seq });
    }
  }

  async #open(message: Message<"open">): Promise<void> {
    const { hashes } = diskFiles(message.disk);
    for (const name of this.#disks.keys())
      if (diskFiles(name).hashes === hashes)
        throw new ProtocolError(`${message.disk} is open already, as ${name}`);
    if (this.#disks.size >= MAX_OPEN_DISKS) throw new ProtocolError("Too many open disks");
    const disk = await OpenDisk.open(this.#store, message);
    this.#disks.set(message.disk, disk);
    const { kept, readBack } = disk;
    await this.#say({ type: "opened", seq: message.seq, disk: message.disk, kept, readBack });
  }

  async #write(disk: OpenDisk, index: number, message: DataMessage, payload: Buffer): Promise<void> {
    try {
      await disk.write(index, message, payload);
    } catch (error) {
      disk.release(index, { sure: false });
      if (!(error instanceof ReceiverProblem && error.retry)) throw error;
      return await this.#say({ type: "failed", seq: message.seq, problem: error.problem, retry: true });
    }
    this.#flusher.add({ kind: "cell", disk, seq: message.seq, index, sha256: message.sha256 });
  }

  /** Complete only when every cell is durable; the root hash covers them all. */
  async #close({ seq, disk: name }: Message<"close">): Promise<void> {
    const disk = this.#disk(name);
    await this.#slots.idle();
    await this.#flusher.drain();
    this.#throwFatal();
    const rootSha256 = await disk.complete();
    this.#disks.delete(name);
    await this.#say({ type: "closed", seq, rootSha256 });
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

  #throwFatal(): void {
    if (this.#fatal !== null) throw this.#fatal.error;
  }

  /** Says so at once: the sender may be waiting for acknowledgements and send nothing more. */
  #fail(error: unknown): void {
    if (this.#fatal !== null) return;
    this.#fatal = { error };
    if (error instanceof LinkLost) return this.#channel.end();
    this.sayWhy(error)
      .catch(() => undefined)
      .finally(() => this.#channel.end());
  }
}
