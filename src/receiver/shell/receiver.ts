// SPDX-License-Identifier: Apache-2.0
// The agent's part, played from here by a shell on the host: the same messages, files, hashes and rules.
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { gzip, zstdDecompress } from "node:zlib";
import {
  cellAt,
  cellCount,
  cellRange,
  cellsOf,
  Channel,
  type DataMessage,
  diskFiles,
  type Frame,
  type FromAgent,
  type Grid,
  HASH_BYTES,
  LinkLost,
  MAX_CELLS,
  MAX_HASH_RANGE_BYTES,
  type OpenMessage,
  parseToAgent,
  PROTOCOLS,
  ProtocolError,
  type ToAgent,
} from "../../wire/index.ts";
import { expectLock, takeLock } from "./lock.ts";
import { act, DiskFiles } from "./disk-files.ts";
import { damaged, gone, notRegular, problemOf, ReceiverProblem } from "../problem.ts";
import { type Answer, type RemoteShell, ShellLost } from "./remote-shell.ts";
import * as scripts from "./scripts.ts";
import { failed } from "./words.ts";

const RELEASE = "shell";
/** Cells that are flushed together. */
const GROUP_CELLS = 8;
const GROUP_MS = 100;
type Written = {
  readonly disk: DiskFiles;
  readonly index: number;
  readonly message: DataMessage;
  readonly done: Promise<Answer>;
};

/** Serves until the sender ends, or the shell is lost. */
export async function serveByShell(shell: RemoteShell, stream: Duplex): Promise<void> {
  const channel = new Channel(stream);
  const session = new Session(channel, shell);
  try {
    for await (const frame of channel.frames()) if (!(await session.accept(frame))) break;
    await session.flush();
  } catch (error) {
    if (!(error instanceof LinkLost || error instanceof ShellLost))
      await channel
        .send({ type: "failed", seq: null, ...problemOf(error, shell.directory) })
        .catch(() => undefined);
  } finally {
    session.close();
    channel.end();
  }
}

class Session {
  readonly #channel: Channel;
  readonly #shell: RemoteShell;
  readonly #disks = new Map<string, DiskFiles>();
  #tools: scripts.Tools | null = null;
  #greeted = false;
  #lastSeq = -1;
  #group: Written[] = [];
  #timer: NodeJS.Timeout | null = null;
  #flushing = Promise.resolve();
  #failure: { error: unknown } | null = null;

  constructor(channel: Channel, shell: RemoteShell) {
    this.#channel = channel;
    this.#shell = shell;
  }

  async accept({ head, payload }: Frame): Promise<boolean> {
    if (this.#failure !== null) throw this.#failure.error;
    const message = parseToAgent(head);
    if (!this.#greeted) {
      await this.#greet(message);
      return true;
    }
    if (message.type === "bye") return false;
    if (message.type === "hello") throw new ProtocolError("A second hello");
    if (message.seq <= this.#lastSeq)
      throw new ProtocolError(`Message ${message.seq} comes after ${this.#lastSeq}`);
    this.#lastSeq = message.seq;
    if (message.type === "data") await this.#write(message, payload);
    else if (message.type === "ping") await this.#say({ type: "pong", seq: message.seq });
    else {
      await this.flush();
      await this.#act(message);
    }
    return true;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #say(message: FromAgent, payload?: Uint8Array): Promise<void> {
    await this.#channel.send(message, payload);
  }

  async #do(what: string, script: string): Promise<readonly string[]> {
    return await act(this.#shell, what, script);
  }

  async #greet(message: ToAgent): Promise<void> {
    if (message.type !== "hello") throw new ProtocolError("The first message is no hello");
    const protocol = PROTOCOLS.find((one) => message.protocols.includes(one));
    if (protocol === undefined) throw new ProtocolError("No common protocol");
    this.#tools = scripts.parseTools(await this.#do("Looking at its programs", scripts.PROBE));
    if (this.#tools === null)
      throw new ReceiverProblem(
        "receiver-lacks-tools",
        "The shell there lacks what a copy needs: dd with iflag=fullblock, od, stat, and openssl or sha256sum",
        { advice: "Install them (coreutils, or a newer busybox), or let the agent run there" },
      );
    if (message.lane === 0) await takeLock(this.#shell, message.job);
    else await expectLock(this.#shell, message.job);
    this.#greeted = true;
    await this.#say({ type: "welcome", protocol, release: RELEASE });
  }

  async #act(message: Exclude<ToAgent, { type: "hello" | "bye" | "data" | "ping" }>): Promise<void> {
    switch (message.type) {
      case "open":
        return await this.#open(message);
      case "zero":
        return await this.#zero(message);
      case "list": {
        const disk = this.#disk(message.disk);
        const last = Math.min(message.first + message.count, cellCount(disk.grid));
        const entries = await disk.entries({ first: message.first, last: Math.max(message.first, last) });
        return await this.#say({ type: "entries", seq: message.seq, wireBytes: entries.length }, entries);
      }
      case "hash-range": {
        const disk = this.#disk(message.disk);
        const { start, end, seq } = message;
        if (start >= end || end > disk.grid.sizeBytes || end - start > MAX_HASH_RANGE_BYTES)
          throw new ProtocolError(`${start} to ${end} cannot be hashed`);
        return await this.#say({ type: "range-hash", seq, sha256: await disk.hash({ start, end }) });
      }
      case "close":
        return await this.#close(this.#disk(message.disk), message.seq);
    }
  }

  async #open(request: OpenMessage): Promise<void> {
    if (request.format !== "raw")
      throw new ReceiverProblem(
        "destination-format",
        `Without the agent only raw image files can be written there, not ${request.format}`,
        { advice: "Leave --format and --volume out, or let the agent run there" },
      );
    const grid: Grid = { sizeBytes: request.sizeBytes, segmentBytes: request.segmentBytes };
    if (cellCount(grid) > MAX_CELLS)
      throw new ProtocolError(`A disk of ${cellCount(grid)} cells is not accepted`);
    if (this.#disks.has(request.disk)) throw new ProtocolError(`${request.disk} is open already`);
    const { partialImage: image, partialHashes: hashes } = diskFiles(request.disk);
    const hashesBytes = cellCount(grid) * HASH_BYTES;
    if (request.mode === "replace" && !request.join)
      await this.#do("Removing files", `rm -f ${image} ${hashes}`);
    const found = await this.#sizeOf(image);
    const foundHashes = await this.#sizeOf(hashes);
    let fresh = request.join && request.mode !== "resume";
    if (request.join) {
      if (found !== request.sizeBytes || foundHashes !== hashesBytes) throw gone(request.disk);
    } else {
      if (found !== null && request.mode === "new")
        throw new ReceiverProblem("destination-exists", `${image} exists`, {
          advice: "Resume it, or replace it with --replace",
        });
      fresh = found !== request.sizeBytes;
      if (fresh)
        await this.#do(
          "Making the image",
          `rm -f ${image} ${hashes} && { ${scripts.makeFile(image, request.sizeBytes)}; }`,
        );
      if (fresh || foundHashes !== hashesBytes)
        await this.#do(
          "Making the hashes",
          `rm -f ${hashes} && { ${scripts.makeFile(hashes, hashesBytes)}; }`,
        );
      await this.#do("Flushing", scripts.flush(hashes));
    }
    const tried = await this.#do("Reading back", scripts.tryDirect(image, this.#needed()));
    const readBack = tried.includes("direct=yes") ? "direct" : "cached";
    const [shell, tools] = [this.#shell, this.#needed()];
    this.#disks.set(
      request.disk,
      new DiskFiles({ shell, tools, name: request.disk, image, hashes, grid, fresh }),
    );
    await this.#say({ type: "opened", seq: request.seq, disk: request.disk, kept: !fresh, readBack });
  }

  /** null where nothing is; what is no regular file is refused. */
  async #sizeOf(file: string): Promise<number | null> {
    const [line = ""] = await this.#do("Looking at its files", scripts.lookAt(file));
    if (line === "absent") return null;
    const size = /^size (\d{1,16})$/.exec(line)?.[1];
    if (size === undefined) throw notRegular(file);
    return Number(size);
  }

  async #write(message: DataMessage, payload: Buffer): Promise<void> {
    const disk = this.#disk(message.disk);
    const index = cellAt(disk.grid, { start: message.start, end: message.start + message.length });
    if (index === null) throw new ProtocolError(`${message.length} bytes at ${message.start} are no cell`);
    if (this.#group.some((one) => one.disk === disk && one.index === index))
      throw new ProtocolError(`Cell ${index} of ${disk.name} is being written already`);
    const sent = await this.#packed(message, payload);
    if (sent === null)
      return await this.#say({ type: "failed", seq: message.seq, problem: damaged().problem, retry: true });
    const clean = await disk.prepare(index);
    const script = scripts.writeCell(disk.image, {
      start: message.start,
      wireBytes: sent.bytes.length,
      codec: sent.codec,
      sparse: clean && this.#needed().gnu,
    });
    const done = this.#shell.run(script, sent.bytes);
    done.catch(() => undefined); // awaited by the flush
    this.#group.push({ disk, index, message, done });
    this.#timer ??= setTimeout(
      () => void this.flush().catch((error: unknown) => this.#fail(error)),
      GROUP_MS,
    );
    if (this.#group.length >= GROUP_CELLS) await this.flush();
  }

  /** As the programs there can unpack it; null: it does not unpack to the length that was said. */
  async #packed(
    { codec, length }: DataMessage,
    payload: Buffer,
  ): Promise<{ codec: scripts.Codec; bytes: Uint8Array } | null> {
    const { zstd, gzip: hasGzip } = this.#needed();
    if (codec === "none") return payload.length === length ? { codec, bytes: payload } : null;
    if (zstd) return { codec, bytes: payload };
    const content = await promisify(zstdDecompress)(payload, { maxOutputLength: length }).catch(() => null);
    if (content?.length !== length) return null;
    return hasGzip
      ? { codec: "gzip", bytes: await promisify(gzip)(content, { level: 1 }) }
      : { codec: "none", bytes: content };
  }

  /** Groups end one after the other. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const group = this.#group;
    if (group.length > 0) {
      this.#group = [];
      this.#flushing = this.#flushing.then(() => this.#makeDurable(group));
      this.#flushing.catch(() => undefined); // the caller hears of it
    }
    return this.#flushing;
  }

  async #makeDurable(group: readonly Written[]): Promise<void> {
    for (const { done } of group) {
      const { code, lines } = await done;
      if (code !== 0) throw failed("Writing", lines, this.#shell.directory);
    }
    const durable: number[] = [];
    for (const disk of new Set(group.map((one) => one.disk))) {
      await disk.flushImage();
      const cells = group.filter((one) => one.disk === disk);
      const hashes = await Promise.all(cells.map(({ index }) => disk.hash(cellRange(disk.grid, index))));
      const right = cells.filter(({ message }, at) => message.sha256 === hashes[at]);
      const wrong = cells.filter(({ message }, at) => message.sha256 !== hashes[at]);
      if (right.length > 0) {
        const entries = new Map(
          right.map(({ index, message }) => [index, Buffer.from(message.sha256, "hex")]),
        );
        await disk.keep(entries);
        durable.push(...right.map(({ message }) => message.seq));
      }
      for (const { message } of wrong)
        await this.#say({ type: "failed", seq: message.seq, problem: damaged().problem, retry: true });
    }
    if (durable.length > 0) await this.#say({ type: "durable", seqs: durable });
  }

  async #zero({ disk: name, start, end, seq }: Extract<ToAgent, { type: "zero" }>): Promise<void> {
    const disk = this.#disk(name);
    const cells = cellsOf(disk.grid, { start, end });
    if (cells === null) throw new ProtocolError(`${start} to ${end} are no cells of ${name}`);
    await disk.zero(cells);
    await this.#say({ type: "durable", seqs: [seq] });
  }

  async #close(disk: DiskFiles, seq: number): Promise<void> {
    const rootSha256 = await disk.finish();
    this.#disks.delete(disk.name);
    await this.#say({ type: "closed", seq, rootSha256 });
  }

  #disk(name: string): DiskFiles {
    const disk = this.#disks.get(name);
    if (disk === undefined) throw new ProtocolError(`${name} is not open`);
    return disk;
  }

  #needed(): scripts.Tools {
    if (this.#tools === null) throw new ProtocolError("Nothing was said of its programs");
    return this.#tools;
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { error };
    if (!(error instanceof LinkLost || error instanceof ShellLost))
      this.#channel
        .send({ type: "failed", seq: null, ...problemOf(error, this.#shell.directory) })
        .catch(() => undefined)
        .finally(() => this.#channel.end());
    else this.#channel.end();
  }
}
