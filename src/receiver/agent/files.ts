// SPDX-License-Identifier: Apache-2.0
// The two files of a disk, by system calls: opened only when they are what they should be. No link is followed.
import { constants } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { isErrno } from "../../system/index.ts";
import { hashesBytes, type OpenMessage } from "../../wire/index.ts";
import { notRegular } from "../problem.ts";
import { writeFully } from "./io.ts";

export interface Sink extends AsyncDisposable {
  /** The disk's bytes as a file. */
  readonly image: FileHandle;
  readonly hashes: FileHandle;
  /** Made in this job, so what was not written reads as zero. */
  readonly fresh: boolean;
}

export type Paths = { readonly image: string; readonly hashes: string };

const FLAGS = constants.O_RDWR | constants.O_NOFOLLOW;

/** null where there is none. What is not a regular file is refused. */
export async function sizeOf(path: string): Promise<number | null> {
  const file = await openRegular(path);
  if (file === null) return null;
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Nothing is durable. Not flushed. */
export async function makeHashes(path: string, request: OpenMessage): Promise<FileHandle> {
  const file = (await openRegular(path)) ?? (await createFile(path));
  try {
    await clearHashes(file, request);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

const CLEARED_AT_ONCE = 2 ** 20;

/**
 * Zeros, and no hole: when the image has taken all the space, what is durable can still be noted (some MiB of hashes for each TiB). Not flushed.
 */
export async function clearHashes(file: FileHandle, request: OpenMessage): Promise<void> {
  await file.truncate(0);
  const sizeBytes = hashesBytes(request);
  const zeros = Buffer.alloc(Math.min(CLEARED_AT_ONCE, sizeBytes));
  for (let at = 0; at < sizeBytes; at += zeros.length)
    await writeFully(file, zeros.subarray(0, Math.min(zeros.length, sizeBytes - at)), at);
}

/** null where there is none. A link, a device or a directory in its place is refused. */
export async function openRegular(path: string): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await open(path, FLAGS | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    if (isErrno(error, "ELOOP", "EISDIR", "ENXIO")) throw notRegular(path);
    throw error;
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notRegular(path);
}

export function owned(sink: Omit<Sink, typeof Symbol.asyncDispose>, resources: AsyncDisposableStack): Sink {
  return { ...sink, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, "r");
  await directory.sync();
}

/** Also a link; what is not there is no error. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (isErrno(error, "EISDIR")) throw notRegular(path);
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

/** Made here, and by nobody else meanwhile: EEXIST. */
export async function createFile(path: string): Promise<FileHandle> {
  return await open(path, FLAGS | constants.O_CREAT | constants.O_EXCL, 0o600);
}
