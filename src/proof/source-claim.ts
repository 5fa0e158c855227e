// SPDX-License-Identifier: Apache-2.0
// A source disk while a job runs: nobody else may write to it, and no file system of it may be mounted.
import { constants } from "node:fs";
import { type FileHandle, open, readFile, readdir, readlink, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type SourceDisk, UserError } from "../core/index.ts";
import { isErrno, readLoops } from "../system/index.ts";
import { mountedElsewhere } from "./mounted-elsewhere.ts";

export interface SourceClaim extends AsyncDisposable {
  readonly disk: SourceDisk;
}

/**
 * The kernel lets go of a loop device or a mount a moment after `umount` and `losetup -d` returned, and programs look at a new device
 * for a moment (`losetup --find` at a free one): what is over by then kept nobody from anything.
 */
const LETTING_GO_MS = 3_000;

/**
 * A device is claimed exclusively until dispose: the kernel then refuses to mount it or its partitions, and the claim
 * fails while one is mounted, swapped to or in an active LVM or RAID. For a file we look for writers and for loop
 * devices above it, once it seems free. UserError `source-in-use` or `source-unreadable`.
 */
export async function claimSource(
  disk: SourceDisk,
  { signal }: { signal: AbortSignal },
): Promise<SourceClaim> {
  for (const until = performance.now() + LETTING_GO_MS; ; ) {
    signal.throwIfAborted();
    try {
      return await tryToClaim(disk, signal);
    } catch (error) {
      const isBusy = error instanceof UserError && error.code === "source-in-use";
      if (!isBusy || performance.now() >= until) throw error;
    }
    await setTimeout(200, undefined, { signal });
  }
}

async function tryToClaim(disk: SourceDisk, signal: AbortSignal): Promise<SourceClaim> {
  const handle = await openAlone(disk);
  try {
    if (disk.kind === "file") {
      const [writable] = (await readLoops({ above: disk.path, signal })).filter((loop) => !loop.readOnly);
      if (writable !== undefined)
        throw inUse(disk, `the loop device ${writable.path} above it may write to it`);
    }
    const writer = await findWriter(disk.path);
    if (writer !== null) throw inUse(disk, `${writer} has it open for writing`);
  } catch (error) {
    await handle.close();
    throw error;
  }
  let claimed = true;
  return {
    disk,
    async [Symbol.asyncDispose]() {
      if (!claimed) return;
      claimed = false;
      await handle.close();
    },
  };
}

async function openAlone(disk: SourceDisk): Promise<FileHandle> {
  const flags = constants.O_RDONLY | (disk.kind === "device" ? constants.O_EXCL : 0);
  try {
    return await open(disk.path, flags);
  } catch (error) {
    if (isErrno(error, "EBUSY")) throw await busy(disk, error);
    if (!isErrno(error, "ENOENT", "EACCES", "EPERM", "ENOMEDIUM", "ENXIO", "EIO")) throw error;
    throw new UserError("source-unreadable", `${disk.path} cannot be read (${error.code})`, {
      advice: "Check the path and that this runs as root",
      cause: error,
    });
  }
}

/**
 * The first program that has a file or device open for writing, as `name (pid 123)`; null where none can be seen (as
 * root all of this pid namespace can). Advisory: processes come and go while we look.
 */
export async function findWriter(path: string): Promise<string | null> {
  const wanted = await stat(path);
  const names = wanted.isBlockDevice() ? "/dev/" : await realpath(path);
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      try {
        if (!opensForWriting(await readFile(`/proc/${pid}/fdinfo/${fd}`, "utf8"))) continue;
        const link = join("/proc", pid, "fd", fd);
        // Names first: stat of a file on somebody's frozen network mount would hang.
        if (!(await readlink(link)).startsWith(names)) continue;
        if (!isSame(await stat(link), wanted)) continue;
        return `${(await readFile(`/proc/${pid}/comm`, "utf8")).trim()} (pid ${pid})`;
      } catch {
        // It was closed, or its process ended, while we looked.
      }
    }
  }
  return null;
}

type Identity = {
  readonly dev: number;
  readonly ino: number;
  readonly rdev: number;
  isBlockDevice(): boolean;
};

const isSame = (a: Identity, b: Identity): boolean =>
  b.isBlockDevice() ? a.isBlockDevice() && a.rdev === b.rdev : a.dev === b.dev && a.ino === b.ino;

/** proc(5): `flags:` of fdinfo is the open mode in octal; its lowest two bits are the access mode. */
export function opensForWriting(fdinfo: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(fdinfo)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & 3) !== 0;
}

async function busy(disk: SourceDisk, cause: unknown): Promise<UserError> {
  const other = await mountedElsewhere(disk.path);
  if (other === null) return inUse(disk, "a file system, swap, LVM or RAID on it is active", cause);
  const { pid, program, where } = other;
  return new UserError(
    "source-in-use",
    `${disk.path} is in use: a file system of it is still mounted on ${where} for ${program} (pid ${pid}), which has mounts of its own`,
    { advice: `End ${program}, or run: nsenter --mount --target ${pid} umount ${where}`, cause },
  );
}

function inUse(disk: SourceDisk, why: string, cause?: unknown): UserError {
  return new UserError("source-in-use", `${disk.path} is in use: ${why}`, {
    advice:
      "Unmount its file systems and end the program that uses it, or boot the live CD; then run this again",
    cause,
  });
}
