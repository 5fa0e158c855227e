// SPDX-License-Identifier: Apache-2.0
// The hashes file of one disk, by system calls.
import type { FileHandle } from "node:fs/promises";
import { entriesBytes, MAX_ENTRIES } from "../../wire/index.ts";
import type { Cells, Hashes } from "../store.ts";
import { readFully, writeFully } from "./io.ts";

const EMPTY_PAGE = Buffer.alloc(entriesBytes(MAX_ENTRIES));

export class HashesFile implements Hashes {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async read({ first, last }: Cells): Promise<Buffer> {
    const entries = Buffer.alloc(entriesBytes(last - first));
    await readFully(this.#file, entries, entriesBytes(first));
    return entries;
  }

  async isEmpty({ first, last }: Cells): Promise<boolean> {
    for (let at = first; at < last; at += MAX_ENTRIES) {
      const entries = await this.read({ first: at, last: Math.min(last, at + MAX_ENTRIES) });
      if (!entries.equals(EMPTY_PAGE.subarray(0, entries.length))) return false;
    }
    return true;
  }

  async write(first: number, entries: Uint8Array): Promise<void> {
    await writeFully(this.#file, entries, entriesBytes(first));
  }

  async flush(): Promise<void> {
    await this.#file.datasync();
  }
}
