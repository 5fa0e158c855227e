// SPDX-License-Identifier: Apache-2.0
// The agent's hands: a directory of this machine, and the disks in it, by system calls.
import { realpath, stat } from "node:fs/promises";
import { cellBuffers, isErrno } from "../../system/index.ts";
import type { OpenMessage } from "../../wire/index.ts";
import { absent } from "../problem.ts";
import type { LockPlace, Store, StoredDisk } from "../store.ts";
import { HashesFile } from "./hashes.ts";
import { ImageFile } from "./image.ts";
import { LockFile } from "./lock-file.ts";
import { openSink } from "./sink.ts";

export class AgentStore implements Store {
  readonly release: string;
  /** Payloads lie where the threads can read them, and their memory is used again. */
  readonly take = (sizeBytes: number): Buffer =>
    Buffer.from(cellBuffers().take(sizeBytes).buffer, 0, sizeBytes);
  #directory: string;
  #lock: LockFile;

  constructor(directory: string, release: string) {
    this.#directory = directory;
    this.#lock = new LockFile(directory);
    this.release = release;
  }

  get where(): string {
    return this.#directory;
  }

  get lock(): LockPlace {
    return this.#lock;
  }

  /** Links on the way are followed once: what they mean later does not matter. */
  async enter(): Promise<void> {
    try {
      this.#directory = await realpath(this.#directory);
      if (!(await stat(this.#directory)).isDirectory()) throw absent(this.#directory);
    } catch (error) {
      if (!isErrno(error, "ENOENT", "ENOTDIR")) throw error;
      throw absent(this.#directory, error);
    }
    this.#lock = new LockFile(this.#directory);
  }

  async open(request: OpenMessage): Promise<StoredDisk> {
    const sink = await openSink(this.#directory, request);
    try {
      // QEMU's FUSE export mixes up writes that come in parallel, as direct ones would.
      const image = await ImageFile.open(sink.image, { direct: request.format !== "qcow2" });
      let isOpen = true;
      const dispose = async (): Promise<void> => {
        if (!isOpen) return;
        isOpen = false;
        await image[Symbol.asyncDispose]();
        await sink[Symbol.asyncDispose]();
      };
      return {
        image,
        hashes: new HashesFile(sink.hashes),
        fresh: sink.fresh,
        readBack: image.readBack,
        async close() {
          await sink.image.sync();
          await sink.hashes.sync();
          await dispose();
        },
        [Symbol.asyncDispose]: dispose,
      };
    } catch (error) {
      await sink[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }
}
