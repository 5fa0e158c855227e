// SPDX-License-Identifier: Apache-2.0
// newc archives with directories and links, for tests of what reads and extends an initramfs.

export type CpioEntry = string | Uint8Array | { readonly link: string } | { readonly directory: true };

export function cpioOf(entries: Readonly<Record<string, CpioEntry>>): Buffer {
  const parts = Object.entries(entries).map(([path, entry], index) => renderEntry(path, entry, index + 1));
  return Buffer.concat([...parts, renderEntry("TRAILER!!!", "", 0)]);
}

function renderEntry(path: string, entry: CpioEntry, inode: number): Buffer {
  const plain = typeof entry === "string" || entry instanceof Uint8Array;
  const mode = path === "TRAILER!!!" ? 0 : plain ? 0o100755 : "link" in entry ? 0o120777 : 0o040755;
  const data = plain ? Buffer.from(entry) : Buffer.from("link" in entry ? entry.link : "");
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((one) => one.toString(16).padStart(8, "0")).join("")}`);
  const pad = (length: number): Buffer => Buffer.alloc(-length & 3);
  return Buffer.concat([header, name, pad(header.length + name.length), data, pad(data.length)]);
}
