// SPDX-License-Identifier: Apache-2.0
// An image file has no counters: what stands for them is that it is the same file, with the same times.
import { stat } from "node:fs/promises";
import type { SourceDisk } from "../core/index.ts";
import { isErrno } from "../system/index.ts";
import type { CountersVerdict, CounterWatch } from "./watch.ts";

export async function watchFile(disk: SourceDisk): Promise<CounterWatch> {
  const before = await readIdentity(disk.path);
  return {
    async verdict() {
      const after = await readIdentity(disk.path);
      return fileVerdict(before, after);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

export type FileIdentity = {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly "modification time": bigint;
  readonly "change time": bigint;
};

async function readIdentity(path: string): Promise<FileIdentity | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return { device: dev, inode: ino, size, "modification time": mtimeNs, "change time": ctimeNs };
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
}

/** Pure. A file has no counters; its times say as much as the file system's honesty. */
export function fileVerdict(before: FileIdentity | null, after: FileIdentity | null): CountersVerdict {
  if (before === null || after === null) return { held: false, detail: "the file is not there any more" };
  const keys = Object.keys(before) as (keyof FileIdentity)[];
  const moved = keys.filter((key) => before[key] !== after[key]);
  if (moved.length > 0) return { held: false, detail: `the file's ${moved.join(", ")} changed meanwhile` };
  return { held: true, detail: `the file's ${keys.join(", ")} are the same as before` };
}
