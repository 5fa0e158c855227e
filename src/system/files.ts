// SPDX-License-Identifier: Apache-2.0
// Files of our own: state that must survive a crash, and reads with a bound.
import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes aside, flushes, renames, flushes the directory: after a crash the old or the new content is there, whole. */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600 }: { mode?: number } = {},
): Promise<void> {
  const aside = `${path}.p2v-${randomBytes(4).toString("hex")}`;
  try {
    const file = await open(aside, "wx", mode);
    try {
      await file.writeFile(content);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A file's bytes, or null where there is none (or a parent is not a directory). RangeError above `maxBytes`. */
export async function readBounded(
  path: string,
  { maxBytes = 2 ** 20 }: { maxBytes?: number } = {},
): Promise<Buffer | null> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ENXIO")) return null;
    throw error;
  }
  try {
    const parts: Buffer[] = [];
    let size = 0;
    for (;;) {
      const part = Buffer.allocUnsafe(64 * 1024);
      const { bytesRead } = await file.read(part, 0, part.length, null);
      if (bytesRead === 0) return Buffer.concat(parts);
      size += bytesRead;
      if (size > maxBytes) throw new RangeError(`${path} is larger than ${maxBytes} bytes`);
      parts.push(part.subarray(0, bytesRead));
    }
  } catch (error) {
    if (isErrno(error, "EISDIR", "EINVAL", "EIO", "ENODEV", "EOPNOTSUPP")) return null; // sysfs has files like these
    throw error;
  } finally {
    await file.close();
  }
}

/** Is this the system's error of one of these names? */
export function isErrno(error: unknown, ...codes: readonly string[]): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)
  );
}

/** `8:1`, as /sys and /proc write a device number (glibc's makedev). */
export function deviceNumber(rdev: number): string {
  const value = BigInt(rdev);
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & ~0xfffn);
  const minor = (value & 0xffn) | ((value >> 12n) & ~0xffn);
  return `${major}:${minor & 0xffffffffn}`;
}
