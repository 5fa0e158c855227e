// SPDX-License-Identifier: Apache-2.0
// A shell's hands: a directory of its host, and the disks in it, by the programs there. It stays in the directory, whatever
// the name may mean later.
import { quoteWord } from "../../system/index.ts";
import { diskFiles, hashesBytes, type OpenMessage } from "../../wire/index.ts";
import { decideOpening, type Found } from "../opening.ts";
import { absent, notRegular, ReceiverProblem } from "../problem.ts";
import type { LockPlace, Store, StoredDisk } from "../store.ts";
import { Acts } from "./acts.ts";
import { ShellHashes } from "./hashes.ts";
import { ShellImage } from "./image.ts";
import { ShellLock } from "./lock-file.ts";
import type { RemoteShell } from "./remote-shell.ts";
import * as scripts from "./scripts.ts";
import { parseTools, PROBE, type Tools } from "./tools.ts";

const ABSENT = 44;

export class ShellStore implements Store {
  readonly release = "shell";
  readonly lock: LockPlace;
  readonly #shell: RemoteShell;
  readonly #acts: Acts;
  #tools: Tools | null = null;

  constructor(shell: RemoteShell, directory: string) {
    this.#shell = shell;
    this.#acts = new Acts(shell, directory);
    this.lock = new ShellLock(this.#acts);
  }

  get where(): string {
    return this.#acts.where;
  }

  async enter(): Promise<void> {
    const [directory, word] = [this.where, quoteWord(this.where)];
    const enter = `p2v_w=$(cd -- ${word} 2>&1) && cd -- ${word} && pwd -P || if [ -d ${word} ]; then printf '%s\\n' "$p2v_w"; (exit 1); else (exit ${ABSENT}); fi`;
    const { code, lines } = await this.#acts.answer(enter);
    if (code === ABSENT) throw absent(directory);
    if (code !== 0) throw this.#acts.failed("Entering it", lines);
    this.#acts.where = lines[0] ?? directory;
    this.#tools = parseTools(await this.#acts.run("Looking at its programs", PROBE));
    if (this.#tools !== null) return;
    throw new ReceiverProblem(
      "receiver-lacks-tools",
      "The shell there lacks what a copy needs: od, stat, and openssl or sha256sum",
      { advice: "Install them (coreutils, or a newer busybox), or let the agent run there" },
    );
  }

  async open(request: OpenMessage): Promise<StoredDisk> {
    const tools = this.#tools;
    if (tools === null) throw new Error("Nobody entered the directory");
    if (request.format !== "raw")
      throw new ReceiverProblem(
        "destination-format",
        `Without the agent only raw image files can be written there, not ${request.format}`,
        { advice: "Leave --format and --volume out, or let the agent run there" },
      );
    const { partialImage, partialHashes } = diskFiles(request.disk);
    const fresh = await this.#make(request, { image: partialImage, hashes: partialHashes });
    const direct = tools.gnu && (await this.#acts.answer(scripts.tryDirect(partialImage))).code === 0;
    const image = new ShellImage(this.#acts, partialImage, { tools, direct });
    const hashes = new ShellHashes(this.#acts, partialHashes, request.disk);
    return {
      image,
      hashes,
      fresh,
      readBack: direct ? "direct" : "cached",
      async close() {
        await image.flush();
        await hashes.flush();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** Finds the two files or makes them, as is decided. True: what was not written reads as zero. */
  async #make(request: OpenMessage, files: { image: string; hashes: string }): Promise<boolean> {
    const decision = decideOpening(request, await this.#find(request, files), `${this.where}/${files.image}`);
    if (request.join) return request.mode !== "resume";
    const makesImage = decision.kind === "make";
    if (makesImage) {
      // No hash may be there without its image, not even when we end in between.
      await this.#acts.run("Removing the hashes", scripts.removeFile(files.hashes));
      const isNew = request.mode === "new";
      await this.#acts.run("Making the image", scripts.makeFile(files.image, request.sizeBytes, { isNew }));
      await this.#acts.run("Flushing", scripts.flush(files.image));
    }
    if (makesImage || decision.hashes === "make")
      await this.#acts.run(
        "Making the hashes",
        scripts.makeFile(files.hashes, hashesBytes(request), { isNew: false }),
      );
    await this.#acts.run("Flushing", scripts.flush(files.hashes));
    await this.#acts.run("Flushing", scripts.FLUSH_DIRECTORY);
    return makesImage;
  }

  /** What is replaced may be anything but a directory: a link to a volume, for one. */
  async #find(request: OpenMessage, files: { image: string; hashes: string }): Promise<Found> {
    const replaces = request.mode === "replace" && !request.join;
    return {
      image: await this.#sizeOf(files.image, { replaces }),
      hashes: await this.#sizeOf(files.hashes, { replaces }),
    };
  }

  /** null where nothing is. What is not a regular file is refused. */
  async #sizeOf(file: string, { replaces }: { replaces: boolean }): Promise<number | null> {
    const [line = ""] = await this.#acts.run("Looking at its files", scripts.lookAt(file));
    if (line === "absent") return null;
    const size = /^size (\d{1,16})$/.exec(line)?.[1];
    if (size !== undefined) return Number(size);
    if (replaces && (line === "link" || line === "other")) return null;
    throw notRegular(`${this.where}/${file}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shell[Symbol.asyncDispose]();
  }
}
