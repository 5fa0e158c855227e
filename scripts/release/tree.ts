// SPDX-License-Identifier: Apache-2.0
// The files of a directory, in an order that no file system decides and with modes that no umask does.
import { chmod, open, readdir } from "node:fs/promises";
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

/** Of the tree and all in it: programs, which begin as ELF files or scripts do, and directories 0755, other files 0644. */
export async function setPlainModes(root: string): Promise<void> {
  await chmod(root, 0o755);
  for (const { path, kind } of await filesOf(root)) {
    if (kind === "link") continue;
    const isOpen = kind === "directory" || (await isProgram(join(root, path)));
    await chmod(join(root, path), isOpen ? 0o755 : 0o644);
  }
}

async function isProgram(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  const start = buffer.subarray(0, bytesRead).toString("latin1");
  return start === "\x7fELF" || start.startsWith("#!");
}
