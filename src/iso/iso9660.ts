// SPDX-License-Identifier: Apache-2.0
// Where a file lies on an image, read without mounting it and without xorriso, which a running server need not have: ECMA-119
// directories with the names of Rock Ridge (IEEE P1282). The image is anybody's, so sizes are bounded.
import type { FileHandle } from "node:fs/promises";

const SECTOR = 2048;
const MAX_DIRECTORY_BYTES = 2 ** 20;

export type Extent = { readonly offset: number; readonly sizeBytes: number };
type Entry = Extent & { readonly name: string; readonly isDirectory: boolean };

/** null: this is no such image, or it has no such file. `path` as `live/vmlinuz`. */
export async function findOnIso(file: FileHandle, path: string): Promise<Extent | null> {
  const descriptor = await readAt(file, 16 * SECTOR, SECTOR);
  if (descriptor.subarray(0, 6).toString("latin1") !== "\u0001CD001") return null;
  let at = parseEntry(descriptor.subarray(156, 190));
  for (const name of path.split("/")) {
    if (at === null || !at.isDirectory || at.sizeBytes > MAX_DIRECTORY_BYTES) return null;
    const entries = parseDirectory(await readAt(file, at.offset, at.sizeBytes));
    at = entries.find((entry) => entry.name === name) ?? null;
  }
  return at === null || at.isDirectory ? null : { offset: at.offset, sizeBytes: at.sizeBytes };
}

/** Of ECMA-119 9.1: records do not cross sectors; a zero fills the rest of one. */
export function parseDirectory(bytes: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at] ?? 0;
    if (length === 0) {
      at = SECTOR * (Math.floor(at / SECTOR) + 1);
      continue;
    }
    const entry = parseEntry(bytes.subarray(at, at + length));
    if (entry !== null) entries.push(entry);
    at += length;
  }
  return entries;
}

function parseEntry(bytes: Buffer): Entry | null {
  const nameLength = bytes[32] ?? 0;
  if (bytes.length < 34 || nameLength < 1 || 33 + nameLength > bytes.length) return null;
  const own = bytes.toString("latin1", 33, 33 + nameLength);
  const system = bytes.subarray(33 + nameLength + ((nameLength + 1) & 1));
  return {
    offset: bytes.readUInt32LE(2) * SECTOR,
    sizeBytes: bytes.readUInt32LE(10),
    isDirectory: ((bytes[25] ?? 0) & 2) !== 0,
    name: rockRidgeName(system) ?? own.replace(/\.?;1$/, "").toLowerCase(),
  };
}

/** Entries of two letters, length, version; `NM` has flags and a part of the name. */
function rockRidgeName(system: Buffer): string | null {
  let name: string | null = null;
  for (let at = 0; at + 4 <= system.length; ) {
    const length = system[at + 2] ?? 0;
    if (length < 4 || at + length > system.length) break;
    if (system.toString("latin1", at, at + 2) === "NM" && length > 5)
      name = (name ?? "") + system.toString("utf8", at + 5, at + length);
    at += length;
  }
  return name;
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}
