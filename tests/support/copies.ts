// SPDX-License-Identifier: Apache-2.0
// A disk to copy, and copies of it, for the tests of the transfer.
import { createHash, randomFillSync } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { copyDisks, type CopyOptions, type DiskToCopy, verifyImages } from "../../src/copy/index.ts";
import { fromRanges, type Host, type ImageFormat, type JobEvent, UserError } from "../../src/core/index.ts";

export const MIB = 2 ** 20;
export const SIZE = 200 * MIB + 512;
export const USED = [
  { start: 0, end: 90 * MIB + 100 },
  { start: 120 * MIB, end: 160 * MIB },
  { start: 200 * MIB - 4096, end: SIZE },
];
export const NEVER = new AbortController().signal;

/** Half of each MiB cannot be compressed, and everything unused holds stale bytes that must not leave. */
export async function makeSource(path: string): Promise<void> {
  const file = await open(path, "w");
  const cell = Buffer.alloc(MIB, "stale and secret ");
  for (let at = 0; at < SIZE; at += MIB) {
    randomFillSync(cell, 0, MIB / 2);
    await file.write(cell, 0, Math.min(MIB, SIZE - at), at);
  }
  await file.close();
}

export function diskAt(path: string, format: ImageFormat = "raw"): DiskToCopy {
  const map = fromRanges(SIZE, USED, { kind: "data", rest: "unused" });
  const file = `web-1.${format === "raw" ? "img" : "qcow2"}`;
  return {
    number: 1,
    file,
    format,
    sizeBytes: SIZE,
    map,
    read: { sourcePath: path, viewPath: path, touched: [] },
  };
}

/** SHA-256 of what the image must be: used bytes, and zeros. */
export async function wantedHash(path: string): Promise<string> {
  const source = await readFile(path);
  const image = Buffer.alloc(SIZE);
  for (const { start, end } of USED) source.copy(image, start, start, end);
  return createHash("sha256").update(image).digest("hex");
}

type Copy = {
  host: Host;
  directory: string;
  disk: DiskToCopy;
  signal?: AbortSignal;
  onProgress?: (doneBytes: number) => void;
  /** Whatever else a test wants of the copy. */
  more?: Partial<CopyOptions>;
};

export const copy = ({
  host,
  directory,
  disk,
  signal = NEVER,
  onProgress,
  more = {},
}: Copy): ReturnType<typeof copyDisks> =>
  copyDisks({
    host,
    directory,
    disks: [disk],
    signal,
    emit: (event: JobEvent) => {
      if (event.type === "progress") onProgress?.(event.doneBytes);
    },
    ...more,
  });

export const verify = (directory: string, full = false): ReturnType<typeof verifyImages> =>
  verifyImages(directory, { full, emit: () => undefined, signal: NEVER });

export const isError = (area: string, code: string) => (error: unknown) =>
  error instanceof UserError && error.area === area && error.code === code && error.advice !== "";
