// SPDX-License-Identifier: Apache-2.0
// What the destination already has, asked for in pages while the copy goes on: the hashes of a 64 TiB disk never lie
// in memory at once.
import { createHash } from "node:crypto";
import { entriesBytes, entryAt, MAX_ENTRIES, ProtocolError } from "../wire/index.ts";
import type { Lane } from "./lane.ts";

const PAGES_KEPT = 4;

/** The agent's hashes as they were when each page was first asked for. */
export class DurableEntries {
  readonly #lane: Lane;
  readonly #disk: string;
  readonly #cells: number;
  readonly #pages = new Map<number, Promise<Buffer>>();

  constructor(lane: Lane, disk: string, cells: number) {
    this.#lane = lane;
    this.#disk = disk;
    this.#cells = cells;
  }

  /** 32 bytes; all zero where nothing is durable. */
  async get(index: number): Promise<Buffer> {
    const page = await this.#page(Math.floor(index / MAX_ENTRIES));
    return entryAt(page, index % MAX_ENTRIES);
  }

  /** SHA-256 over all of them: the root hash, if every cell is durable. */
  async root(): Promise<string> {
    const hash = createHash("sha256");
    for (let first = 0; first < this.#cells; first += MAX_ENTRIES) hash.update(await this.#ask(first));
    return hash.digest("hex");
  }

  #page(number: number): Promise<Buffer> {
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    const page = this.#ask(number * MAX_ENTRIES);
    page.catch(() => undefined); // it is awaited by all who ask for it
    this.#pages.set(number, page);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > PAGES_KEPT && oldest !== undefined) this.#pages.delete(oldest);
    return page;
  }

  async #ask(first: number): Promise<Buffer> {
    const count = Math.min(MAX_ENTRIES, this.#cells - first);
    const { payload } = await this.#lane.request({ type: "list", disk: this.#disk, first, count });
    if (payload.length !== entriesBytes(count))
      throw new ProtocolError(`${payload.length} bytes of hashes for ${count} cells`);
    return payload;
  }
}
