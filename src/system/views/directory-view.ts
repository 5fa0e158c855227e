// SPDX-License-Identifier: Apache-2.0
// A mounted guest as a GuestView.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, opendir, readlink } from "node:fs/promises";
import type { FileState, GuestView } from "../../core/index.ts";
import { isErrno } from "../files.ts";
import { type GuestTree, MAX_NAMES, type TreeEntry, viewOf } from "./guest-view.ts";
import { readXattrs } from "./xattr.ts";

/**
 * The guest mounted below `root`. Names that are not UTF-8 are not listed: nothing that we read or change has one.
 * State needs getfattr: without the attributes of a changed file its SELinux label would be lost in silence.
 */
export function directoryView(root: string): GuestView {
  const base = root.replace(/\/+$/, "");
  const tree: GuestTree = {
    entry: (path) => readEntry(base + path),
    state: (path, entry) => readState(base + path, entry),
  };
  return viewOf(tree);
}

/** `path` has no link among its parents: the walk in guest-view.ts saw to that, and a guest that is off moves nothing. */
async function readEntry(path: string): Promise<TreeEntry | null> {
  let stat: Awaited<ReturnType<typeof lstat>>;
  try {
    stat = await lstat(path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EACCES")) return null;
    throw error;
  }
  if (stat.isFile()) return { kind: "file", sizeBytes: stat.size, read: () => readRegular(path, stat.size) };
  if (stat.isDirectory()) return { kind: "directory", names: () => readNames(path) };
  if (stat.isSymbolicLink()) return { kind: "link", target: await readlink(path) };
  return { kind: "other" };
}

async function readNames(path: string): Promise<readonly string[]> {
  const names: string[] = [];
  // Bounded while reading: a hostile directory may have more names than we have memory.
  for await (const { name } of await opendir(path, { bufferSize: 1024 })) {
    if (!name.includes("\ufffd")) names.push(name);
    if (names.length > MAX_NAMES) break;
  }
  return names;
}

/** Looked at again once it is open: what lstat saw may have become a fifo or a device since. */
async function openRegular(path: string): Promise<Awaited<ReturnType<typeof open>>> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new TypeError(`${path} is not a regular file any more`);
}

async function readRegular(path: string, sizeBytes: number): Promise<Uint8Array> {
  const file = await openRegular(path);
  try {
    const bytes = Buffer.alloc(sizeBytes);
    let at = 0;
    while (at < sizeBytes) {
      const { bytesRead } = await file.read(bytes, at, sizeBytes - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes.subarray(0, at);
  } finally {
    await file.close();
  }
}

async function hashRegular(path: string): Promise<{ sha256: string; sizeBytes: number }> {
  const file = await openRegular(path);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    const buffer = Buffer.allocUnsafe(2 ** 20);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return { sha256: hash.digest("hex"), sizeBytes };
      hash.update(buffer.subarray(0, bytesRead));
      sizeBytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}

async function readState(path: string, entry: TreeEntry): Promise<FileState> {
  const { mode, uid, gid } = await lstat(path);
  const attributes = { mode: mode & 0o7777, uid, gid, xattrs: await readXattrs(path) };
  switch (entry.kind) {
    case "file":
      return { kind: "bytes", ...(await hashRegular(path)), ...attributes };
    case "directory":
      return { kind: "directory", ...attributes };
    case "link":
      return { kind: "link", target: entry.target, ...attributes };
    case "other":
      throw new TypeError(`${path} is a device, fifo or socket`);
  }
}
