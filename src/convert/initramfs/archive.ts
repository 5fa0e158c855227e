// SPDX-License-Identifier: Apache-2.0
// Writes a newc cpio archive to follow an initramfs: the kernel unpacks it over what is already there
// (kernel: Documentation/driver-api/early-userspace/buffer-format.rst). Pure.
import type { InitramfsEntry } from "./cpio.ts";

export type NewFile = { readonly path: string; readonly mode: number; readonly content: Uint8Array };
type Entries = ReadonlyMap<string, InitramfsEntry>;

const DIRECTORY = 0o040755;
const FILE = 0o100000;

/**
 * An archive of `files` with the parent directories that `entries` lacks. Paths must be real ones (realPath): an entry of
 * another type replaces the existing one, and `lib` as a directory would remove all below /lib.
 */
export function renderArchive(files: readonly NewFile[], entries: Entries): Buffer {
  const parts: Buffer[] = [];
  const made = new Set<string>();
  let inode = 0x7032_0000; // inode and device identify hard links: other archives must not share them
  const add = (path: string, mode: number, content: Uint8Array): void => {
    inode += 1;
    parts.push(renderEntry(path, { mode, content, inode }));
  };
  for (const { path, mode, content } of files) {
    const names = path.split("/");
    for (let depth = 1; depth < names.length; depth += 1) {
      const directory = names.slice(0, depth).join("/");
      if (made.has(directory) || entries.get(directory)?.kind === "directory") continue;
      made.add(directory);
      add(directory, DIRECTORY, new Uint8Array());
    }
    add(path, FILE | mode, content);
  }
  add("TRAILER!!!", 0, new Uint8Array());
  return Buffer.concat(parts);
}

function renderEntry(
  path: string,
  { mode, content, inode }: { mode: number; content: Uint8Array; inode: number },
): Buffer {
  const name = Buffer.from(`${path}\0`, "utf8");
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  const head = Buffer.concat([Buffer.from(header, "latin1"), name]);
  return Buffer.concat([head, zeros(head.length), content, zeros(content.length)]);
}

const zeros = (length: number): Buffer => Buffer.alloc(-length & 3);

/** `path` with the links among its parents followed as the kernel finds them: `lib/x` is `usr/lib/x` where lib is a link. */
export function realPath(path: string, entries: Entries): string {
  let names = path.split("/").filter((name) => name !== "");
  for (let depth = 1, links = 0; depth < names.length && links < 40; depth += 1) {
    const entry = entries.get(names.slice(0, depth).join("/"));
    if (entry?.kind !== "link" || entry.content === null) continue;
    const target = entry.content.toString("utf8");
    const base = target.startsWith("/") ? [] : names.slice(0, depth - 1);
    names = [...plain([...base, ...target.split("/")]), ...names.slice(depth)];
    depth = 0;
    links += 1;
  }
  return names.join("/");
}

function plain(names: readonly string[]): string[] {
  const out: string[] = [];
  for (const name of names)
    if (name === "..") out.pop();
    else if (name !== "" && name !== ".") out.push(name);
  return out;
}

/** The initramfs with the archive behind it. Zeros between them: archives begin at multiples of 4. */
export function joined(initramfs: Uint8Array, archive: Uint8Array): Buffer {
  // Four and more: an lz4 part ends at a block of length 0 (kernel: lib/decompress_unlz4.c).
  const gap = Buffer.alloc(4 + (-initramfs.length & 3));
  return Buffer.concat([initramfs, gap, archive]);
}
