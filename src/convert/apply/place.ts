// SPDX-License-Identifier: Apache-2.0
// One directory entry inside a guest, reached by descriptors: no symbolic link on the way can lead out of the root.
import { randomBytes } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { type FileHandle, lchown, lstat, mkdir, open, rename, rm, rmdir, symlink } from "node:fs/promises";
import { type Blobs, type FileState, unreachable, UserError } from "../../core/index.ts";
import { inheritLabel, isErrno, writeXattrs } from "../../system/index.ts";

/** Paths below `base` are one component long, and `base` goes through the descriptor, not through names. */
export interface Place extends AsyncDisposable {
  readonly base: string;
  readonly name: string;
  readonly handle: FileHandle;
}

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

type Making = {
  /** Missing directories are made (0755 root). */
  readonly make: boolean;
  /** Called for each that is made, with its path in the guest. */
  readonly onMade?: (path: string) => void;
};

/** Opens the directory that holds `path`. null: it is not there. */
export async function openParent(
  root: string,
  path: string,
  { make, onMade = () => undefined }: Making,
): Promise<Place | null> {
  const names = path.split("/").filter((name) => name !== "");
  const name = names.pop();
  if (name === undefined) throw new TypeError("The root itself is never changed");
  let handle = await open(root, DIRECTORY);
  try {
    for (const [depth, next] of names.entries()) {
      const heard = (): void => onMade(`/${names.slice(0, depth + 1).join("/")}`);
      const child = await openChild(handle, next, { make, onMade: heard, path });
      await handle.close();
      if (child === null) return null;
      handle = child;
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    base: `/proc/${process.pid}/fd/${handle.fd}`, // not /proc/self: setfattr is another process,
    name,
    handle,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function openChild(
  parent: FileHandle,
  name: string,
  { make, onMade, path }: { make: boolean; onMade: () => void; path: string },
): Promise<FileHandle | null> {
  const at = `/proc/self/fd/${parent.fd}/${name}`;
  for (let tries = 0; ; tries += 1) {
    try {
      return await open(at, DIRECTORY);
    } catch (error) {
      if (isErrno(error, "ENOENT") && !make) return null;
      if (isErrno(error, "ENOENT") && tries === 0) {
        await mkdir(at, { mode: 0o755 });
        onMade();
        const base = `/proc/${process.pid}/fd/${parent.fd}`;
        await inheritLabel(`${base}/${name}`, `${base}/.`);
        await parent.sync();
      } else if (isErrno(error, "ELOOP", "ENOTDIR"))
        throw new UserError(
          "guest-changed",
          `A directory on the way to ${path} in the guest is a link or a file`,
          {
            advice: "Something wrote to the guest after the plan was made; make the plan again",
            cause: error,
          },
        );
      else throw error;
    }
  }
}

export async function putState(
  place: Place,
  { before, after, blobs }: { before: FileState; after: FileState; blobs: Blobs },
): Promise<void> {
  const target = `${place.base}/${place.name}`;
  switch (after.kind) {
    case "absent":
      if (before.kind === "directory") await rmdir(target);
      else await rm(target, { force: true });
      break;
    case "directory":
      await mkdir(target, { mode: 0o700 }).catch((error: unknown) => {
        if (!isErrno(error, "EEXIST")) throw error;
      });
      await setAttributes(target, after);
      break;
    case "link": {
      const aside = asideOf(place);
      await symlink(after.target, aside);
      await lchown(aside, after.uid, after.gid);
      await writeXattrs(aside, after.xattrs);
      await rename(aside, target);
      break;
    }
    case "bytes":
      await putBytes(place, after, await blobs.path(after.sha256));
      break;
    default:
      unreachable(after);
  }
  await place.handle.sync();
}

/** A directory that is not empty, or no longer a directory, stays. */
export async function removeIfEmpty(place: Place): Promise<void> {
  try {
    await rmdir(`${place.base}/${place.name}`);
    await place.handle.sync();
  } catch (error) {
    if (!isErrno(error, "ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR")) throw error;
  }
}

const asideOf = (place: Place): string => `${place.base}/.p2v-${randomBytes(6).toString("hex")}`;

type Bytes = Extract<FileState, { kind: "bytes" }>;

/** Written aside and renamed; a file with further hard links is written in place, so that all its names stay one file. */
async function putBytes(place: Place, after: Bytes, blob: string): Promise<void> {
  const target = `${place.base}/${place.name}`;
  const there = await lstat(target).catch(() => null);
  if (there !== null && there.isFile() && there.nlink > 1) {
    await writeInto(target, blob, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
    await setAttributes(target, after);
    return;
  }
  const aside = asideOf(place);
  try {
    await writeInto(
      aside,
      blob,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    );
    await setAttributes(aside, after);
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

async function writeInto(path: string, blob: string, flags: number): Promise<void> {
  await using file = await open(path, flags, 0o600);
  for await (const part of createReadStream(blob, { highWaterMark: 2 ** 20 }))
    await file.writeFile(part as Buffer);
  await file.sync();
}

/** Owner before mode: chown takes the set-user-ID bit away. Last, flushed again with its attributes. */
async function setAttributes(
  path: string,
  { mode, uid, gid, xattrs }: Exclude<FileState, { kind: "absent" }>,
): Promise<void> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  await file.chown(uid, gid);
  await file.chmod(mode & 0o7777);
  await writeXattrs(path, xattrs);
  await file.sync();
}
