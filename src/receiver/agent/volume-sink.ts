// SPDX-License-Identifier: Apache-2.0
// A volume and its hashes. What was on a device before stays there until it is written over: it is never fresh.
import { readlink, rm, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { isErrno } from "../../system/index.ts";
import { type OpenMessage, ProtocolError } from "../../wire/index.ts";
import { decideOpening } from "../opening.ts";
import { gone } from "../problem.ts";
import {
  clearHashes,
  makeHashes,
  openRegular,
  owned,
  type Paths,
  type Sink,
  sizeOf,
  syncDirectory,
} from "./files.ts";
import { holdsStill, openBlockDevice } from "./volume.ts";

export async function openVolume(paths: Paths, request: OpenMessage): Promise<Sink> {
  const { volume, sizeBytes, join } = request;
  if (volume === undefined) throw new ProtocolError("A volume without its path");
  await using opening = new AsyncDisposableStack();
  const image = await openBlockDevice(volume, { sizeBytes, exclusive: !join });
  opening.defer(() => image.close());
  const resumes = join || ((await isOf(paths.image, volume)) && request.mode === "resume");
  const decision = decideOpening(
    { ...request, mode: resumes ? "resume" : "replace" },
    { image: "any", hashes: await sizeOf(paths.hashes) },
    volume,
  );
  const keeps = decision.kind === "keep" && decision.hashes === "keep";
  const hashes = keeps ? await openRegular(paths.hashes) : await makeHashes(paths.hashes, request);
  if (hashes === null) throw gone(request.disk);
  opening.defer(() => hashes.close());
  if (!join) {
    if (keeps && !(await holdsStill(image, hashes, request))) await clearHashes(hashes, request);
    await hashes.sync();
    await syncDirectory(dirname(paths.hashes));
  }
  return owned({ image, hashes, fresh: false }, opening.move());
}

/** In the place of the image a link says which device the hashes tell of: on another one nothing is durable. */
async function isOf(linkPath: string, volume: string): Promise<boolean> {
  const linked = await readlink(linkPath).catch((error: unknown) => {
    if (isErrno(error, "ENOENT", "EINVAL")) return null;
    throw error;
  });
  if (linked === volume) return true;
  await rm(linkPath, { force: true });
  await symlink(volume, linkPath);
  return false;
}
