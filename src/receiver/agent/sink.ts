// SPDX-License-Identifier: Apache-2.0
// Where the bytes of one disk go: a sparse file, or a qcow2 image served as a file by qemu-storage-daemon.
// It finds what an earlier run left, or makes it new.
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../../system/index.ts";
import { diskFiles, type OpenMessage } from "../../wire/index.ts";
import { decideOpening, exists, type Found, otherSize } from "../opening.ts";
import { gone } from "../problem.ts";
import {
  createFile,
  makeHashes,
  openRegular,
  owned,
  type Paths,
  removeFile,
  type Sink,
  sizeOf,
  syncDirectory,
} from "./files.ts";
import { createQcow2, exportQcow2, joinQcow2 } from "./qcow2.ts";
import { openVolume } from "./volume-sink.ts";

/** Opens (or makes) the two `.partial` files of a disk. ReceiverProblem when that may not be. */
export async function openSink(directory: string, request: OpenMessage): Promise<Sink> {
  const { partialImage, partialHashes } = diskFiles(request.disk);
  const paths: Paths = { image: join(directory, partialImage), hashes: join(directory, partialHashes) };
  if (request.format === "volume") return await openVolume(paths, request);
  await using opening = new AsyncDisposableStack();
  const decision = decideOpening(request, await find(paths, request), paths.image);
  if (decision.kind === "make") await create(paths, request);
  const image = await openImage(directory, paths.image, { request, opening });
  const { size } = await image.stat();
  if (size !== request.sizeBytes) throw otherSize(request.disk, size, request.sizeBytes);
  const keepsHashes = decision.kind === "keep" && decision.hashes === "keep";
  const hashes = keepsHashes ? await openRegular(paths.hashes) : await makeHashes(paths.hashes, request);
  if (hashes === null) throw gone(request.disk);
  opening.defer(() => hashes.close());
  if (!request.join) {
    await hashes.sync();
    await syncDirectory(directory);
  }
  const fresh = request.join ? request.mode !== "resume" : decision.kind === "make";
  return owned({ image, hashes, fresh }, opening.move());
}

/** What is replaced is not looked at: it may be the link to a volume. */
async function find(paths: Paths, request: OpenMessage): Promise<Found> {
  if (request.mode === "replace" && !request.join) return { image: null, hashes: null };
  const [image, hashes] = [await sizeOf(paths.image), await sizeOf(paths.hashes)];
  return { image: request.format === "qcow2" && image !== null ? "any" : image, hashes };
}

type Opening = { readonly request: OpenMessage; readonly opening: AsyncDisposableStack };

async function openImage(
  directory: string,
  path: string,
  { request, opening }: Opening,
): Promise<FileHandle> {
  const qcow2 = request.format === "qcow2";
  const file = qcow2
    ? request.join
      ? await joinQcow2(directory, request.disk)
      : opening.use(await exportQcow2(directory, request.disk)).file
    : await openRegular(path);
  if (file === null) throw gone(request.disk);
  opening.defer(() => file.close());
  return file;
}

/** Removes what is there, and makes an image that is all zero. */
async function create(paths: Paths, request: OpenMessage): Promise<void> {
  if (request.mode !== "new") await removeFile(paths.image);
  await removeFile(paths.hashes);
  try {
    if (request.format === "qcow2") return await createQcow2(paths.image, request.sizeBytes);
    await using file = await createFile(paths.image);
    await file.truncate(request.sizeBytes);
    await file.sync();
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    throw exists(paths.image, error);
  }
}
