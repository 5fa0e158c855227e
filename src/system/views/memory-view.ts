// SPDX-License-Identifier: Apache-2.0
// A guest in memory: an archive's files, or a test's. It passes the same contract as directoryView.
import { createHash } from "node:crypto";
import type { FileState, GuestView } from "../../core/index.ts";
import { type GuestTree, type TreeEntry, viewOf } from "./guest-view.ts";

type Content = string | Uint8Array;
export type MemoryFile =
  | Content
  | { readonly link: string }
  /** A device, fifo or socket. */
  | { readonly special: true }
  | { readonly directory: true; readonly xattrs?: Readonly<Record<string, string>> }
  | { readonly content: Content; readonly mode?: number; readonly uid?: number; readonly gid?: number };

/** Canonical absolute paths to files; parents are made by themselves. */
export function memoryView(files: Readonly<Record<string, MemoryFile>>): GuestView {
  const all = new Map<string, MemoryFile>([["/", { directory: true }]]);
  for (const [path, file] of Object.entries(files)) {
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
      if (!all.has(path.slice(0, at))) all.set(path.slice(0, at), { directory: true });
    all.set(path, file);
  }
  const names = namesOf(all);
  const tree: GuestTree = {
    entry: (path) => Promise.resolve(entryOf(all, names, path)),
    state: (path, entry) => stateOf(all.get(path), entry),
  };
  return viewOf(tree);
}

type Names = ReadonlyMap<string, readonly string[]>;

function entryOf(all: ReadonlyMap<string, MemoryFile>, names: Names, path: string): TreeEntry | null {
  const file = all.get(path);
  if (file === undefined) return null;
  if (typeof file === "string" || file instanceof Uint8Array) return fileEntry(file);
  if ("content" in file) return fileEntry(file.content);
  if ("special" in file) return { kind: "other" };
  if ("link" in file) return { kind: "link", target: file.link };
  return { kind: "directory", names: () => Promise.resolve(names.get(path) ?? []) };
}

function fileEntry(content: Content): TreeEntry {
  const bytes = Buffer.from(content);
  return { kind: "file", sizeBytes: bytes.length, read: () => Promise.resolve(bytes) };
}

/** By directory. */
function namesOf(all: ReadonlyMap<string, MemoryFile>): Names {
  const names = new Map<string, string[]>();
  for (const path of all.keys()) {
    if (path === "/") continue;
    const at = path.lastIndexOf("/");
    const parent = at === 0 ? "/" : path.slice(0, at);
    const found = names.get(parent);
    if (found === undefined) names.set(parent, [path.slice(at + 1)]);
    else found.push(path.slice(at + 1));
  }
  return names;
}

async function stateOf(file: MemoryFile | undefined, entry: TreeEntry): Promise<FileState> {
  const given = typeof file === "object" && "content" in file ? file : {};
  const attributes = { mode: 0o644, uid: 0, gid: 0, xattrs: {}, ...pick(given) };
  switch (entry.kind) {
    case "file": {
      const bytes = await entry.read();
      return {
        kind: "bytes",
        sha256: createHash("sha256").update(bytes).digest("hex"),
        sizeBytes: bytes.length,
        ...attributes,
      };
    }
    case "link":
      return { kind: "link", target: entry.target, ...attributes, mode: 0o777 };
    case "directory":
      return { kind: "directory", ...attributes, mode: 0o755, xattrs: xattrsOf(file) };
    case "other":
      throw new TypeError("A device, fifo or socket");
  }
}

const xattrsOf = (file: MemoryFile | undefined): Readonly<Record<string, string>> =>
  typeof file === "object" && "directory" in file ? (file.xattrs ?? {}) : {};

function pick(given: { readonly mode?: number; readonly uid?: number; readonly gid?: number }): {
  mode?: number;
  uid?: number;
  gid?: number;
} {
  const { mode, uid, gid } = given;
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  };
}
