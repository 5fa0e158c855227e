// SPDX-License-Identifier: Apache-2.0
// The only way this folder reads: below one root, bounded, links resolved inside it. Nothing read here is trusted.
import { constants } from "node:fs";
import { lstat, open, readdir, readlink, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type GuestView, UserError } from "../../core/index.ts";
import { type TreeEntry, viewOf } from "../../system/index.ts";

/** Paths are absolute inside the root. An attribute that is not there, too large or fails to be read is null. */
export type Sysroot = {
  /** The running computer itself: devices can be opened. */
  readonly live: boolean;
  text(path: string): Promise<string | null>;
  bytes(path: string): Promise<Uint8Array | null>;
  /** Sorted names; null: no such directory. */
  list(path: string): Promise<readonly string[] | null>;
  /** The path with its links resolved; null: not there. */
  find(path: string): Promise<string | null>;
};

/** /proc/cpuinfo of 4,096 CPUs takes 6 MiB. */
const MAX_BYTES = 16 * 2 ** 20;

/** UserError where `directory` is not there or holds neither `sys` nor `proc`. */
export async function openSysroot(directory: string): Promise<Sysroot> {
  const path = resolve(directory);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() !== true)
    throw new UserError("sysroot-missing", `${directory} is not a directory`, {
      advice: "Give the directory that holds sys and proc of the recorded machine",
    });
  const sysroot = sysrootOf(directoryTree(path === "/" ? "" : path), { live: path === "/" });
  if ((await sysroot.list("/sys")) === null && (await sysroot.list("/proc")) === null)
    throw new UserError("sysroot-empty", `${directory} holds neither sys nor proc`, {
      advice: "Unpack the recording first, and give the directory that holds its sys and proc",
    });
  return sysroot;
}

/** Any view as a root: a test's is in memory. */
export function sysrootOf(view: GuestView, { live }: { live: boolean }): Sysroot {
  const bytes = async (path: string): Promise<Uint8Array | null> => {
    try {
      return await view.read(path, { maxBytes: MAX_BYTES });
    } catch {
      return null; // sysfs answers with any error there is: EINVAL for the speed of a NIC that is down, EIO, ENODATA ...
    }
  };
  return {
    live,
    bytes,
    async text(path) {
      const found = await bytes(path);
      return found === null ? null : Buffer.from(found).toString("utf8").replace(/\0+$/, "");
    },
    async list(path) {
      try {
        const at = await view.resolve(path);
        return at === null ? null : await view.list(at);
      } catch {
        return null;
      }
    },
    async find(path) {
      try {
        return await view.resolve(path);
      } catch {
        return null;
      }
    },
  };
}

/** Unlike a guest's files, those of sysfs and proc do not tell their size. */
function directoryTree(base: string): GuestView {
  return viewOf({
    async entry(path): Promise<TreeEntry | null> {
      const here = base + path;
      const found = await lstat(here).catch(() => null);
      if (found === null) return null;
      if (found.isFile()) return { kind: "file", sizeBytes: 0, read: () => readAttribute(here) };
      if (found.isDirectory()) return { kind: "directory", names: () => readdir(here) };
      return found.isSymbolicLink() ? { kind: "link", target: await readlink(here) } : { kind: "other" };
    },
    state() {
      throw new TypeError("The state of a file in sysfs is never asked for");
    },
  });
}

async function readAttribute(path: string): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const parts: Buffer[] = [];
    for (let size = 0; ; ) {
      const part = Buffer.allocUnsafe(64 * 1024);
      const { bytesRead } = await file.read(part, 0, part.length, null);
      if (bytesRead === 0) return Buffer.concat(parts);
      size += bytesRead;
      if (size > MAX_BYTES) throw new RangeError(`${path} is larger than ${MAX_BYTES} bytes`);
      parts.push(Buffer.from(part.subarray(0, bytesRead)));
    }
  } finally {
    await file.close();
  }
}
