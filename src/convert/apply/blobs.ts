// SPDX-License-Identifier: Apache-2.0
// The blob store: bytes of files before and after, by their SHA-256, in one private directory.
import { createHash, randomBytes } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, lstat, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Blobs } from "../../core/index.ts";
import { readBounded } from "../../system/index.ts";

/** The largest blob read into memory: an initramfs of a few hundred MiB. */
const MAX_BLOB_BYTES = 2 ** 30;

/** Files are 0600 in a 0700 directory: guests keep secrets in the files we change. */
export async function openBlobs(directory: string): Promise<Blobs> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pathOf = (sha256: string): string => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new TypeError(`No SHA-256: ${sha256}`);
    return join(directory, sha256);
  };
  const kept = new Set<string>(); // by this store: the directory is ours alone
  const asidePath = (): string => join(directory, `p2v-${randomBytes(8).toString("hex")}`);
  return {
    async put(bytes) {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      if (kept.has(sha256) || (await isFile(pathOf(sha256)))) return sha256;
      const aside = asidePath();
      await writeFile(aside, bytes, { mode: 0o600, flag: "wx" });
      await rename(aside, pathOf(sha256));
      kept.add(sha256);
      return sha256;
    },
    async putFile(path) {
      const aside = asidePath();
      try {
        await copyFile(path, aside, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        const sha256 = await hashFile(aside); // of the copy: the original may still change
        const { size } = await stat(aside);
        await rename(aside, pathOf(sha256));
        return { sha256, sizeBytes: size };
      } finally {
        await rm(aside, { force: true });
      }
    },
    async get(sha256) {
      const bytes = await readBounded(pathOf(sha256), { maxBytes: MAX_BLOB_BYTES });
      if (bytes === null) throw new Error(`There is no blob ${sha256}`);
      return bytes;
    },
    async path(sha256) {
      if (!(await isFile(pathOf(sha256)))) throw new Error(`There is no blob ${sha256}`);
      return pathOf(sha256);
    },
  };
}

async function isFile(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isFile() ?? false;
}

/** SHA-256 in hex of a file, read in parts. */
async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(part as Buffer);
  return hash.digest("hex");
}
