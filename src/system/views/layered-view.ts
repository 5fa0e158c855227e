// SPDX-License-Identifier: Apache-2.0
// The guest as it would be after some changes, nothing written: each conversion step sees what the steps before proposed.
import type { Blobs, Change, FileState, GuestView } from "../../core/index.ts";
import { type GuestTree, type TreeEntry, treeOf, viewOf } from "./guest-view.ts";

/** `changes` in order; paths are canonical. A later change of a path replaces an earlier one. */
export function layeredView(base: GuestView, blobs: Blobs, changes: readonly Change[]): GuestView {
  if (changes.length === 0) return base;
  const below = treeOf(base);
  const after = new Map(changes.map((change) => [change.path, change.after]));
  const tree: GuestTree = {
    async entry(path) {
      const state = after.get(path);
      const entry = state === undefined ? await below.entry(path) : changedEntry(state, blobs);
      if (entry !== null && entry.kind !== "directory") return entry;
      if (entry === null && namesBelow(after, path).present.size === 0) return null;
      return withNames(entry, () => namesBelow(after, path)); // most who look for a directory do not list it
    },
    async state(path, entry) {
      const state = after.get(path);
      if (state !== undefined && state.kind !== "absent") return state;
      const lower = await below.entry(path);
      return lower === null ? NEW_DIRECTORY : await below.state(path, entry);
    },
  };
  return viewOf(tree);
}

/** A new file's parents are made with it. */
const NEW_DIRECTORY: FileState = { kind: "directory", mode: 0o755, uid: 0, gid: 0, xattrs: {} };

/** Not there yet: it will be made with the files in it. */
export const isNewDirectory = (state: FileState): boolean => state === NEW_DIRECTORY;

function changedEntry(state: FileState, blobs: Blobs): TreeEntry | null {
  switch (state.kind) {
    case "absent":
      return null;
    case "bytes":
      return { kind: "file", sizeBytes: state.sizeBytes, read: () => blobs.get(state.sha256) };
    case "link":
      return { kind: "link", target: state.target };
    case "directory":
      return { kind: "directory", names: () => Promise.resolve([]) };
  }
}

type Names = { readonly present: ReadonlySet<string>; readonly gone: ReadonlySet<string> };

/** Names that the changes put into, or take out of, the directory at `path`. */
function namesBelow(after: ReadonlyMap<string, FileState>, path: string): Names {
  const present = new Set<string>();
  const gone = new Set<string>();
  const prefix = path === "/" ? "/" : `${path}/`;
  for (const [one, state] of after) {
    if (!one.startsWith(prefix) || one === "/") continue;
    const [name = "", ...deeper] = one.slice(prefix.length).split("/");
    if (state.kind !== "absent") present.add(name);
    else if (deeper.length === 0) gone.add(name);
  }
  return { present, gone };
}

function withNames(entry: Extract<TreeEntry, { kind: "directory" }> | null, changed: () => Names): TreeEntry {
  return {
    kind: "directory",
    async names() {
      const { present, gone } = changed();
      const names = new Set(entry === null ? [] : await entry.names());
      for (const name of gone) names.delete(name);
      for (const name of present) names.add(name);
      return [...names];
    },
  };
}
