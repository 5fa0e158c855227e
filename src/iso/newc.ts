// SPDX-License-Identifier: Apache-2.0
// An archive that the kernel unpacks as part of its initramfs: cpio's "newc" (its buffer-format.rst), not compressed. Pure.

export type ArchiveFile = {
  /** Relative, each directory before what is in it. */
  readonly name: string;
  /** With the file's type, as st_mode has it. */
  readonly mode: number;
  readonly bytes: Uint8Array;
};

export type ArchiveEntry = Pick<ArchiveFile, "name" | "mode"> & {
  readonly sizeBytes: number;
  /** Of its own within the archive. */
  readonly number: number;
};

/** Header and name; the content follows, filled up to a multiple of 4. */
export function archiveHead({ name, mode, sizeBytes, number }: ArchiveEntry): Buffer {
  const nameBytes = Buffer.from(`${name}\0`);
  const links = (mode & 0o170000) === 0o040000 ? 2 : 1;
  const fields = [number, mode, 0, 0, links, 0, sizeBytes, 0, 0, 0, 0, nameBytes.length, 0];
  if (fields.some((field) => field < 0 || field >= 2 ** 32)) throw new RangeError(`${name} is too large`);
  const text = fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  return align(Buffer.concat([Buffer.from(`070701${text}`), nameBytes]));
}

export const archiveEnd = (): Buffer => archiveHead({ name: "TRAILER!!!", mode: 0, sizeBytes: 0, number: 0 });

export function align(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
