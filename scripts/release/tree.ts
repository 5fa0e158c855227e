// SPDX-License-Identifier: Apache-2.0
// The files of a directory, in an order that no file system decides.
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";

export type Listed = { readonly path: string; readonly kind: "file" | "directory" | "link" };

/** Relative to `root`, which is not among them; sorted by their bytes, parents before what is in them. */
export async function filesOf(root: string): Promise<readonly Listed[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const listed = entries.map((entry): Listed => {
    const path = relative(root, join(entry.parentPath, entry.name));
    if (entry.isSymbolicLink()) return { path, kind: "link" };
    if (entry.isDirectory()) return { path, kind: "directory" };
    if (entry.isFile()) return { path, kind: "file" };
    throw new Error(`${path} is not a file, a directory or a link`);
  });
  return listed.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}
