// SPDX-License-Identifier: Apache-2.0
// The bytes of one disk, written and read back by the programs of a host.
import { promisify } from "node:util";
import { gzip, zstdDecompress } from "node:zlib";
import type { Range } from "../../core/index.ts";
import type { DataMessage } from "../../wire/index.ts";
import { damaged } from "../problem.ts";
import type { Image } from "../store.ts";
import type { Acts } from "./acts.ts";
import * as scripts from "./scripts.ts";
import type { Codec, Tools } from "./tools.ts";

type Packed = { readonly codec: Codec; readonly bytes: Uint8Array };

export class ShellImage implements Image {
  readonly #acts: Acts;
  readonly #file: string;
  readonly #tools: Tools;
  readonly #direct: boolean;

  constructor(acts: Acts, file: string, { tools, direct }: { tools: Tools; direct: boolean }) {
    this.#acts = acts;
    this.#file = file;
    this.#tools = tools;
    this.#direct = direct;
  }

  async write(cell: DataMessage, payload: Buffer, { clean }: { clean: boolean }): Promise<void> {
    const { codec, bytes } = await this.#pack(cell, payload);
    const { start, length } = cell;
    const sparse = clean && this.#tools.gnu;
    const script = scripts.writeCell(this.#file, { start, length, wireBytes: bytes.length, codec, sparse });
    const code = await this.#acts.codeOf("Writing", script, { input: bytes, allow: scripts.DAMAGED });
    if (code === scripts.DAMAGED) throw damaged();
  }

  /** As the programs there can unpack it. Only whole blocks can be counted there: the end of a disk is unpacked here. */
  async #pack({ codec, length }: DataMessage, payload: Buffer): Promise<Packed> {
    if (codec === "none") return { codec, bytes: payload };
    const [best = "none"] = length % scripts.BLOCK_BYTES === 0 ? this.#tools.codecs : [];
    if (best === codec) return { codec, bytes: payload };
    const content = await promisify(zstdDecompress)(payload, { maxOutputLength: length }).catch(() => null);
    if (content?.length !== length) throw damaged();
    if (best !== "gzip") return { codec: "none", bytes: content };
    return { codec: best, bytes: await promisify(gzip)(content, { level: 1 }) };
  }

  async zero(range: Range): Promise<void> {
    await this.#acts.run("Making zeros", scripts.makeZero(this.#file, range));
  }

  async hash(range: Range): Promise<string> {
    const how = { hash: this.#tools.hash, direct: this.#direct };
    const [line = ""] = await this.#acts.run("Reading back", scripts.hashRange(this.#file, range, how));
    const sum = /^[0-9a-f]{64}/.exec(line)?.[0];
    if (sum === undefined) throw this.#acts.failed("Reading back", [line]);
    return sum;
  }

  async flush(): Promise<void> {
    await this.#acts.run("Flushing", scripts.flush(this.#file));
  }
}
