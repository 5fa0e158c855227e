// SPDX-License-Identifier: Apache-2.0
// The portable file that is brought to a server: named, or the one that we run from.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { UserError } from "../core/index.ts";
import { isErrno } from "../system/index.ts";

export type Portable = { readonly path: string; readonly sizeBytes: number; readonly sha256: string };

/** What scripts/release/portable/head.sh begins with. */
const HEAD = /^#!\/bin\/sh\n# SPDX-License-Identifier: [^\n]+\n# virt-p2v (\S+) for Linux on x86-64/;
const HEAD_BYTES = 512;

/** UserError `usage` where there is none, or another than of this version: both ends must speak the same. */
export async function findPortable(
  named: string | null,
  { version, signal }: { version: string; signal: AbortSignal },
): Promise<Portable> {
  const path = named ?? process.env["P2V_PORTABLE"] ?? "";
  if (path === "")
    throw new UserError("portable-missing", "There is no portable file to bring to the server", {
      advice: `Name it by --portable FILE: virt-p2v-${version}-linux-x86_64 of the release; or run remote by that file itself`,
    });
  await using file = await opened(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  const found = HEAD.exec(buffer.subarray(0, bytesRead).toString("latin1"))?.[1];
  if (found !== version) {
    const what = found === undefined ? "no portable file of virt-p2v" : `of version ${found}`;
    throw new UserError("portable-wrong", `${path} is ${what}; this program is ${version}`, {
      advice: `Take virt-p2v-${version}-linux-x86_64 of the release`,
    });
  }
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const part of file.createReadStream({
    start: 0,
    highWaterMark: 2 ** 20,
    signal,
    autoClose: false,
  })) {
    hash.update(part as Buffer);
    sizeBytes += (part as Buffer).length;
  }
  return { path, sizeBytes, sha256: hash.digest("hex") };
}

async function opened(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "r");
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    throw new UserError("portable-missing", `The portable file ${path} cannot be read: ${error.code}`, {
      advice: "Name the file of the release by --portable FILE",
    });
  }
  throw new UserError("portable-wrong", `${path} is not a regular file`, {
    advice: "Name the file of the release by --portable FILE",
  });
}
