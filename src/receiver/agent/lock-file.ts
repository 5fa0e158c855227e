// SPDX-License-Identifier: Apache-2.0
// The directory's lock, by system calls. It is made by a link, which is atomic and fails when there is one.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, open, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { isErrno, readBounded } from "../../system/index.ts";
import { type Holder, LOCK, MAX_LOCK_BYTES } from "../lock.ts";
import { notRegular } from "../problem.ts";
import type { LockPlace } from "../store.ts";

export class LockFile implements LockPlace, AsyncDisposable {
  readonly #path: string;
  /** What was written into it, when it was made here. */
  #own: Buffer | null = null;

  constructor(directory: string) {
    this.#path = join(directory, LOCK);
  }

  async make(job: string): Promise<boolean> {
    const { pid } = process;
    const { started, ...there } = await this.look(pid);
    const holder: Holder = { job, pid, started: started ?? "", ...there };
    const content = Buffer.from(JSON.stringify(holder));
    const aside = this.#aside();
    try {
      await writeFile(aside, content, { flag: "wx", mode: 0o600 });
      await link(aside, this.#path);
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      return false;
    } finally {
      await rm(aside, { force: true });
    }
    this.#own = content;
    return true;
  }

  async read(): Promise<Buffer | null> {
    return await readSmall(this.#path);
  }

  /** Renames first: if it is not the one that was looked at, another was faster, and it is put back. */
  async takeAway(content: Buffer): Promise<void> {
    const aside = this.#aside();
    try {
      await rename(this.#path, aside);
    } catch (error) {
      if (isErrno(error, "ENOENT")) return;
      throw error;
    }
    if ((await readSmall(aside))?.equals(content) !== true)
      await link(aside, this.#path).catch(() => undefined);
    await rm(aside, { force: true });
  }

  async look(pid: number): Promise<{ host: string; boot: string; started: string | null }> {
    const boot = await readBounded("/proc/sys/kernel/random/boot_id");
    return { host: hostname(), boot: boot?.toString("utf8").trim() ?? "", started: await startOf(pid) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const own = this.#own;
    this.#own = null;
    if (own !== null && (await readSmall(this.#path))?.equals(own) === true)
      await rm(this.#path, { force: true });
  }

  #aside(): string {
    return `${this.#path}.${randomBytes(6).toString("hex")}`;
  }
}

/** Never waits, as for a fifo, and follows no link. */
async function readSmall(path: string): Promise<Buffer | null> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { size } = await file.stat().then((stat) => (stat.isFile() ? stat : { size: Infinity }));
    if (size > MAX_LOCK_BYTES) throw notRegular(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_LOCK_BYTES), 0, MAX_LOCK_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    if (isErrno(error, "ELOOP", "ENXIO")) throw notRegular(path);
    throw error;
  }
}

async function startOf(pid: number): Promise<string | null> {
  const stat = await readBounded(`/proc/${pid}/stat`, { maxBytes: 4096 });
  if (stat === null) return null;
  const text = stat.toString("utf8");
  // The second field, a program's name in brackets, may hold blanks and brackets: count from its end.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}
