// SPDX-License-Identifier: Apache-2.0
// Ends a program of the guest that takes over this machine: with endless processes, or by filling the disk. No resource
// limit holds root's processes, and not every kernel lets us make a cgroup; so we watch.
import { readFile, statfs } from "node:fs/promises";

const EVERY_MS = 200;
/** Beyond those that already run. Building an initramfs takes some tens. */
const MAX_PROCESSES = 2000;
/** Of the file system that takes what is written; a large initramfs takes 1 GiB, and packages change 4 GiB at most. */
const MAX_BYTES = 8 * 2 ** 30;

export interface Guard extends Disposable {
  /** Aborted with a RangeError, or with what `signal` is aborted with. */
  readonly signal: AbortSignal;
}

/** `directory`: where everything is written. */
export async function guardMachine({
  directory,
  signal,
}: {
  directory: string;
  signal: AbortSignal;
}): Promise<Guard> {
  const abort = new AbortController();
  const [threads, free] = [await countThreads(), await freeBytes(directory)];
  const look = async (): Promise<void> => {
    if ((await countThreads()) > threads + MAX_PROCESSES)
      abort.abort(new RangeError(`it started more than ${MAX_PROCESSES} processes`));
    if ((await freeBytes(directory)) < free - MAX_BYTES)
      abort.abort(new RangeError(`it wrote more than ${MAX_BYTES / 2 ** 30} GiB`));
  };
  const timer = setInterval(() => void look().catch(() => undefined), EVERY_MS);
  return { signal: AbortSignal.any([signal, abort.signal]), [Symbol.dispose]: () => clearInterval(timer) };
}

/** Of the whole machine: proc(5), loadavg, its fourth field. */
async function countThreads(): Promise<number> {
  const [, all = ""] = /^\S+ \S+ \S+ \d+\/(\d+) /.exec(await readFile("/proc/loadavg", "latin1")) ?? [];
  return Number(all);
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
