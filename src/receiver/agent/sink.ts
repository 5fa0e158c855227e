// SPDX-License-Identifier: Apache-2.0
// Where the bytes of one disk go: a sparse file, or a qcow2 image served as a file by qemu-storage-daemon.
// It finds what an earlier run left, or makes it new.
import { constants } from "node:fs";
import { type FileHandle, open, readlink, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isErrno } from "../../system/index.ts";
import {
  cellCount,
  diskFiles,
  type Grid,
  HASH_BYTES,
  type OpenMessage,
  ProtocolError,
} from "../../wire/index.ts";
import { gone, notRegular, ReceiverProblem } from "../problem.ts";
import { createQcow2, exportQcow2, joinQcow2 } from "./qcow2.ts";
import { holdsStill, openBlockDevice } from "./volume.ts";

export interface Sink extends AsyncDisposable {
  /** The disk's bytes as a file. */
  readonly image: FileHandle;
  readonly hashes: FileHandle;
  /** Made in this job, so what was not written reads as zero. */
  readonly fresh: boolean;
}

const FLAGS = constants.O_RDWR | constants.O_NOFOLLOW;

/** Opens (or makes) the two `.partial` files of a disk. ReceiverProblem when that may not be. */
export async function openSink(directory: string, request: OpenMessage): Promise<Sink> {
  const files = diskFiles(request.disk);
  const imagePath = join(directory, files.partialImage);
  const hashesPath = join(directory, files.partialHashes);
  const grid: Grid = request;
  if (request.format === "volume") return await openVolume({ imagePath, hashesPath }, request);
  await using opening = new AsyncDisposableStack();
  const use = (file: FileHandle): FileHandle => {
    opening.defer(() => file.close());
    return file;
  };
  if (request.join) {
    const file =
      request.format === "qcow2" ? await joinQcow2(directory, request.disk) : await openRegular(imagePath);
    const hashes = await openRegular(hashesPath);
    if (file === null || hashes === null) throw gone(request.disk);
    const image = use(file);
    use(hashes);
    await expectSize(image, request.sizeBytes, request.disk);
    await expectSize(hashes, cellCount(grid) * HASH_BYTES, request.disk);
    return owned({ image, hashes, fresh: request.mode !== "resume" }, opening.move());
  }

  if (request.mode === "replace") await discard(imagePath, hashesPath);
  let found = request.mode === "resume" ? await openRegular(imagePath) : null;
  if (found !== null && request.format === "raw" && (await found.stat()).size !== request.sizeBytes) {
    await found.close();
    found = null;
  }
  if (found === null && request.mode === "resume") await discard(imagePath, hashesPath);
  const fresh = found === null;
  await found?.close();
  if (fresh) await create(imagePath, hashesPath, request);
  const file =
    request.format === "qcow2"
      ? opening.use(await exportQcow2(directory, request.disk)).file
      : await openRegular(imagePath);
  if (file === null) throw gone(request.disk);
  const image = use(file);
  await expectSize(image, request.sizeBytes, request.disk);
  const hashes = use(await openHashes(hashesPath, grid, { anew: fresh }));
  return owned({ image, hashes, fresh }, opening.move());
}

/** What was on a device before stays there until it is written over: it is never fresh. */
async function openVolume(
  { imagePath, hashesPath }: { imagePath: string; hashesPath: string },
  request: OpenMessage,
): Promise<Sink> {
  if (request.volume === undefined) throw new ProtocolError("A volume without its path");
  await using opening = new AsyncDisposableStack();
  const image = await openBlockDevice(request.volume, {
    sizeBytes: request.sizeBytes,
    exclusive: !request.join,
  });
  opening.defer(() => image.close());
  const hashes = request.join
    ? await openRegular(hashesPath)
    : await openHashes(hashesPath, request, {
        anew: !(await resumesOn(imagePath, request.volume, request.mode)),
      });
  if (hashes === null) throw gone(request.disk);
  opening.defer(() => hashes.close());
  const hashesBytes = cellCount(request) * HASH_BYTES;
  await expectSize(hashes, hashesBytes, request.disk);
  if (!request.join && !(await holdsStill(image, hashes, request))) await empty(hashes, hashesBytes);
  return owned({ image, hashes, fresh: false }, opening.move());
}

/** In the place of the image a link says which device the hashes tell of: on another one nothing is durable. */
async function resumesOn(linkPath: string, volume: string, mode: OpenMessage["mode"]): Promise<boolean> {
  const linked = await readlink(linkPath).catch((error: unknown) => {
    if (isErrno(error, "ENOENT", "EINVAL")) return null;
    throw error;
  });
  if (linked === volume) return mode === "resume";
  await rm(linkPath, { force: true });
  await symlink(volume, linkPath);
  return false;
}

async function openHashes(path: string, grid: Grid, { anew }: { anew: boolean }): Promise<FileHandle> {
  const hashes = await open(path, FLAGS | constants.O_CREAT, 0o600);
  try {
    const sizeBytes = cellCount(grid) * HASH_BYTES;
    if (anew || (await hashes.stat()).size !== sizeBytes) await empty(hashes, sizeBytes); // of another grid: tells nothing
    await hashes.sync();
    await syncDirectory(dirname(path));
    return hashes;
  } catch (error) {
    await hashes.close();
    throw error;
  }
}

/** Nothing is durable. */
async function empty(hashes: FileHandle, sizeBytes: number): Promise<void> {
  await hashes.truncate(0);
  await hashes.truncate(sizeBytes);
  await hashes.sync();
}

function owned(sink: Omit<Sink, typeof Symbol.asyncDispose>, resources: AsyncDisposableStack): Sink {
  return { ...sink, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function create(imagePath: string, hashesPath: string, request: OpenMessage): Promise<void> {
  await rm(hashesPath, { force: true });
  try {
    if (request.format === "qcow2") return await createQcow2(imagePath, request.sizeBytes);
    const file = await open(imagePath, FLAGS | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await file.truncate(request.sizeBytes);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    throw new ReceiverProblem("destination-exists", `${imagePath} exists`, {
      advice: "Resume it, or replace it with --replace",
      cause: error,
    });
  }
}

/** null where there is none. A link, a device or a directory in its place is refused. */
async function openRegular(path: string): Promise<FileHandle | null> {
  let file: FileHandle;
  try {
    file = await open(path, FLAGS);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    if (isErrno(error, "ELOOP", "EISDIR", "ENXIO")) throw notRegular(path);
    throw error;
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notRegular(path);
}

async function expectSize(file: FileHandle, sizeBytes: number, disk: string): Promise<void> {
  const { size } = await file.stat();
  if (size === sizeBytes) return;
  throw new ReceiverProblem("destination-changed", `A file of ${disk} has ${size} bytes, not ${sizeBytes}`, {
    advice: "Remove the .partial files, or use --replace",
  });
}

async function discard(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
