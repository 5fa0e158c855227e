// SPDX-License-Identifier: Apache-2.0
// The hashes file of one disk, by the programs of a host.
import { entriesBytes } from "../../wire/index.ts";
import { gone } from "../problem.ts";
import type { Cells, Hashes } from "../store.ts";
import type { Acts } from "./acts.ts";
import * as scripts from "./scripts.ts";

export class ShellHashes implements Hashes {
  readonly #acts: Acts;
  readonly #file: string;
  readonly #disk: string;

  constructor(acts: Acts, file: string, disk: string) {
    this.#acts = acts;
    this.#file = file;
    this.#disk = disk;
  }

  async read(cells: Cells): Promise<Buffer> {
    const lines = await this.#acts.run("Reading hashes", scripts.readEntries(this.#file, cells));
    const entries = parseHex(lines);
    if (entries.length !== entriesBytes(cells.last - cells.first)) throw gone(this.#disk);
    return entries;
  }

  async isEmpty(cells: Cells): Promise<boolean> {
    const lines = await this.#acts.run("Reading hashes", scripts.lookForEntries(this.#file, cells));
    return lines.length === 0;
  }

  async write(first: number, entries: Uint8Array): Promise<void> {
    const script = scripts.writeEntries(this.#file, { first, bytes: entries.length });
    await this.#acts.run("Writing hashes", script, entries);
  }

  async flush(): Promise<void> {
    await this.#acts.run("Flushing", scripts.flush(this.#file));
  }
}

/** Bytes as `od -t x1` prints them. */
export function parseHex(lines: readonly string[]): Buffer {
  return Buffer.from(lines.join("").replaceAll(/[^0-9a-f]/g, ""), "hex");
}
