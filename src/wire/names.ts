// SPDX-License-Identifier: Apache-2.0
// Names of a disk's files on the destination: while it is written they end in `.partial`. Pure.

/** A disk's name on the wire is its file name: `web-1.img`. Nothing that could leave its directory or hide in it. */
export const DISK_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export type DiskFiles = {
  readonly image: string;
  /** SHA-256 of each cell, 32 bytes at index * 32. */
  readonly hashes: string;
  readonly partialImage: string;
  readonly partialHashes: string;
};

/** `web-1.img` -> `web-1.hashes`, `web-1.img.partial`, `web-1.hashes.partial`. RangeError for another name. */
export function diskFiles(disk: string): DiskFiles {
  if (!DISK_NAME.test(disk)) throw new RangeError(`No name for a disk: ${JSON.stringify(disk)}`);
  const hashes = `${disk.replace(/\.(img|raw|qcow2)$/, "")}.hashes`;
  return { image: disk, hashes, partialImage: `${disk}.partial`, partialHashes: `${hashes}.partial` };
}
