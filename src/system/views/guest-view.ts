// SPDX-License-Identifier: Apache-2.0
// A guest's files as a GuestView: links are resolved inside the guest's root only, whatever they say.
import type { FileState, GuestView } from "../../core/index.ts";

/** What lies at a path without symbolic links in it. The view is built on this alone, so that all views behave alike. */
export interface GuestTree {
  /** `path` is canonical: absolute, no `.`, `..`, double slashes; its parents are no links. */
  entry(path: string): Promise<TreeEntry | null>;
  /** FileState of an entry that is there; hashes its bytes. */
  state(path: string, entry: TreeEntry): Promise<FileState>;
}

export type TreeEntry =
  | { readonly kind: "file"; readonly sizeBytes: number; read(): Promise<Uint8Array> }
  | { readonly kind: "directory"; names(): Promise<readonly string[]> }
  | { readonly kind: "link"; readonly target: string }
  /** Device node, fifo, socket: never opened. */
  | { readonly kind: "other" };

/** Linux gives up after as many (MAXSYMLINKS). */
const MAX_LINKS = 40;
const MAX_PATH_BYTES = 4096;
/** A directory of more entries is refused; a tree may stop reading one name above. */
export const MAX_NAMES = 100_000;
const DEFAULT_MAX_BYTES = 2 ** 20;
/** A state has the hash of all bytes, and a sparse file may have 16 TiB of them. No file that is ever changed is as large. */
const MAX_STATE_BYTES = 2 ** 30;

const trees = new WeakMap<GuestView, GuestTree>();

/** The tree a view was made of, for views above it: TypeError for a view that is not made here. */
export function treeOf(view: GuestView): GuestTree {
  const tree = trees.get(view);
  if (tree === undefined) throw new TypeError("This view is not made of a tree");
  return tree;
}

export function viewOf(tree: GuestTree): GuestView {
  const follow = (path: string): Promise<Found | null> => resolveIn(tree, path, { followLast: true });
  const view: GuestView = {
    async resolve(path) {
      return (await follow(path))?.path ?? null;
    },
    async state(path) {
      const found = await resolveIn(tree, path, { followLast: false });
      if (found === null) return { kind: "absent" };
      const { entry } = found;
      if (entry.kind === "file" && entry.sizeBytes > MAX_STATE_BYTES)
        throw new RangeError(`${path} in the guest is larger than ${MAX_STATE_BYTES} bytes`);
      return await tree.state(found.path, entry);
    },
    async read(path, { maxBytes = DEFAULT_MAX_BYTES } = {}) {
      const entry = (await follow(path))?.entry;
      if (entry?.kind !== "file") return null;
      if (entry.sizeBytes > maxBytes)
        throw new RangeError(`${path} in the guest is larger than ${maxBytes} bytes`);
      return await entry.read();
    },
    async readText(path, options) {
      const bytes = await view.read(path, options);
      return bytes === null ? null : Buffer.from(bytes).toString("utf8");
    },
    async list(path) {
      const entry = (await follow(path))?.entry;
      if (entry?.kind !== "directory") return [];
      const names = await entry.names();
      if (names.length > MAX_NAMES)
        throw new RangeError(`${path} in the guest has more than ${MAX_NAMES} entries`);
      return names.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    },
  };
  trees.set(view, tree);
  return view;
}

/** Is there a directory, links followed? Looks at no contents. */
export async function isDirectory(view: GuestView, path: string): Promise<boolean> {
  return (await resolveIn(treeOf(view), path, { followLast: true }))?.entry.kind === "directory";
}

/** null: a device, fifo or socket, or a file beyond every size, which no change can describe. */
export async function changeableState(view: GuestView, path: string): Promise<FileState | null> {
  const found = await resolveIn(treeOf(view), path, { followLast: false });
  if (found?.entry.kind === "other") return null;
  if (found?.entry.kind === "file" && found.entry.sizeBytes > MAX_STATE_BYTES) return null;
  return await view.state(path);
}

type Found = { readonly path: string; readonly entry: TreeEntry };

/** Walks component by component; `..` above the root stays at the root, as in a chroot. null: not there, or a loop. */
async function resolveIn(
  tree: GuestTree,
  path: string,
  { followLast }: { followLast: boolean },
): Promise<Found | null> {
  if (path.length > MAX_PATH_BYTES || path.includes("\0")) return null;
  const todo = path.split("/").toReversed();
  let at: string[] = [];
  let links = 0;
  while (todo.length > 0) {
    const name = todo.pop();
    if (name === undefined || name === "" || name === ".") continue;
    if (name === "..") {
      at.pop();
      continue;
    }
    const here = `/${[...at, name].join("/")}`;
    const entry = await tree.entry(here);
    if (entry === null) return null;
    const last = todo.every((rest) => rest === "" || rest === ".");
    if (entry.kind === "link" && (followLast || !last)) {
      links += 1;
      if (links > MAX_LINKS || entry.target.length > MAX_PATH_BYTES) return null;
      if (entry.target.startsWith("/")) at = [];
      todo.push(...entry.target.split("/").toReversed());
    } else {
      if (entry.kind !== "directory" && !last) return null;
      at.push(name);
    }
  }
  const canonical = `/${at.join("/")}`;
  const entry = await tree.entry(canonical);
  return entry === null ? null : { path: canonical, entry };
}
