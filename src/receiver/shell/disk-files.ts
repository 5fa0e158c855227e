// SPDX-License-Identifier: Apache-2.0
// The two files of one disk on the host, image and hashes, read and written by the shell there.
import {
  cellCount,
  cellRange,
  type Grid,
  HASH_BYTES,
  MAX_ENTRIES,
  ProtocolError,
  RootHash,
  zeroEntries,
  zeroHash,
} from "../../wire/index.ts";
import { gone, ReceiverProblem } from "../problem.ts";
import type { RemoteShell } from "./remote-shell.ts";
import * as scripts from "./scripts.ts";
import { failed } from "./words.ts";

/** Of a range made zero where something may have been, so many cells are read back, evenly spread. */
const ZERO_SAMPLES = 16;
const FILL_CELLS = 16_384;

type Cells = { readonly first: number; readonly last: number };

type Options = {
  readonly shell: RemoteShell;
  readonly tools: scripts.Tools;
  readonly name: string;
  readonly image: string;
  readonly hashes: string;
  readonly grid: Grid;
  /** Made in this job: what was not written reads as zero. */
  readonly fresh: boolean;
};

/** The lines that a script prints; `what` names the act where it fails. */
export async function act(
  shell: RemoteShell,
  what: string,
  script: string,
  input?: Uint8Array,
): Promise<readonly string[]> {
  const { code, lines } = await shell.run(script, input);
  if (code !== 0) throw failed(what, lines, shell.directory);
  return lines;
}

export class DiskFiles {
  readonly name: string;
  readonly image: string;
  readonly grid: Grid;
  readonly #options: Options;
  /** Written in this session: no longer surely empty. */
  readonly #written = new Set<number>();

  constructor(options: Options) {
    this.name = options.name;
    this.image = options.image;
    this.grid = options.grid;
    this.#options = options;
  }

  /** Makes ready for a cell's content. True where nothing was there, so that holes may stay holes. */
  async prepare(index: number): Promise<boolean> {
    const { fresh, hashes } = this.#options;
    const clean = fresh && !this.#written.has(index);
    this.#written.add(index);
    // A durable cell that gets other content is not durable from before its first byte changes.
    if (!clean) await this.#keepEntries(hashes, new Map([[index, Buffer.alloc(HASH_BYTES)]]));
    return clean;
  }

  async flushImage(): Promise<void> {
    await this.#do("Flushing", scripts.flush(this.image));
  }

  /** After the cells were flushed and read back. */
  async keep(entries: ReadonlyMap<number, Uint8Array>): Promise<void> {
    await this.#keepEntries(this.#options.hashes, entries);
  }

  async #keepEntries(file: string, entries: ReadonlyMap<number, Uint8Array>): Promise<void> {
    await this.#do("Writing hashes", `${scripts.writeEntries(file, entries)} && { ${scripts.flush(file)}; }`);
  }

  /** Cells read as zero, and are durable. */
  async zero({ first, last }: Cells): Promise<void> {
    const { fresh } = this.#options;
    const empty = fresh && ![...this.#written].some((index) => index >= first && index < last);
    if (!empty) await this.#makeZero({ first, last });
    await this.#fill(first, zeroEntries(this.grid, first, last));
  }

  async #makeZero({ first, last }: Cells): Promise<void> {
    const start = cellRange(this.grid, first).start;
    const end = cellRange(this.grid, last - 1).end;
    await this.#fill(first, Buffer.alloc((last - first) * HASH_BYTES));
    await this.#do("Making zeros", scripts.makeZero(this.image, { start, end }));
    await this.flushImage();
    const step = Math.max(1, Math.floor((last - first) / ZERO_SAMPLES));
    for (let index = first; index < last; index += step) {
      const range = cellRange(this.grid, index);
      if ((await this.hash(range)) !== zeroHash(range.end - range.start).toString("hex"))
        throw new ReceiverProblem(
          "destination-broken",
          `Zeros of ${this.name} at ${range.start} do not read back`,
          { advice: "Look at the host's kernel log, and choose another destination" },
        );
    }
  }

  /** Entries from `first` on, flushed. */
  async #fill(first: number, entries: Buffer): Promise<void> {
    const { hashes } = this.#options;
    for (let at = 0; at < entries.length; at += FILL_CELLS * HASH_BYTES) {
      const part = entries.subarray(at, at + FILL_CELLS * HASH_BYTES);
      const where = { first: first + at / HASH_BYTES, bytes: part.length };
      await this.#do("Writing hashes", scripts.fillEntries(hashes, where), part);
    }
    await this.#do("Flushing", scripts.flush(hashes));
  }

  async entries({ first, last }: Cells): Promise<Buffer> {
    if (last <= first) return Buffer.alloc(0);
    const script = scripts.readEntries(this.#options.hashes, { first, count: last - first });
    const lines = await this.#do("Reading hashes", script);
    const bytes = Buffer.from(lines.join("").replaceAll(/[^0-9a-f]/g, ""), "hex");
    if (bytes.length !== (last - first) * HASH_BYTES) throw gone(this.name);
    return bytes;
  }

  /** SHA-256 (hex) of what is read back. */
  async hash(range: { readonly start: number; readonly end: number }): Promise<string> {
    const script = scripts.hashRange(this.image, { ...range, tools: this.#options.tools });
    const [line = ""] = await this.#do("Reading back", script);
    if (!/^[0-9a-f]{64}$/.test(line)) throw failed("Reading back", [line], this.#options.shell.directory);
    return line;
  }

  /** The root hash, when every cell is durable and all of it is flushed. */
  async finish(): Promise<string> {
    const root = new RootHash(this.grid);
    const count = cellCount(this.grid);
    for (let first = 0; first < count; first += MAX_ENTRIES) {
      const last = Math.min(count, first + MAX_ENTRIES);
      const page = await this.entries({ first, last });
      for (let index = first; index < last; index += 1) {
        const entry = page.subarray((index - first) * HASH_BYTES, (index - first + 1) * HASH_BYTES);
        if (entry.every((byte) => byte === 0))
          throw new ProtocolError(`Cell ${index} of ${this.name} is not durable`);
        root.cell(index, entry);
      }
    }
    await this.flushImage();
    await this.#do("Flushing", scripts.flush(this.#options.hashes));
    return root.digest();
  }

  #do(what: string, script: string, input?: Uint8Array): Promise<readonly string[]> {
    return act(this.#options.shell, what, script, input);
  }
}
