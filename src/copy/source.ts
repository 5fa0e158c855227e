// SPDX-License-Identifier: Apache-2.0
// Reads the used bytes of a disk: from the disk itself, and from the view above it where the two may differ.
import { type FileHandle, open } from "node:fs/promises";
import { formatBytes, intersect, type Range, sumBytes, UserError } from "../core/index.ts";
import { alignedBuffer, DIRECT_ALIGN_BYTES, type DirectFile, isErrno, openDirect } from "../system/index.ts";
import type { DiskToCopy } from "./options.ts";
import { type BadSectors, Rescuer } from "./bad-sectors.ts";
import { splitRanges } from "./cells.ts";

export interface Source extends AsyncDisposable {
  /**
   * Fills `cell` (which begins at disk offset `start`): the data ranges are read, all else is zero. `pure`: all of it
   * came from the disk itself, and could be read.
   */
  read(cell: Buffer, start: number, data: readonly Range[]): Promise<{ readonly pure: boolean }>;
}

/** `bad`: what cannot be read is skipped and put down there; null: it ends the copy. */
export async function openSource(disk: DiskToCopy, bad: BadSectors | null): Promise<Source> {
  const { sourcePath, viewPath, touched } = disk.read;
  await using opening = new AsyncDisposableStack();
  const openOne = async (path: string): Promise<FileHandle> => {
    const file = await open(path, "r").catch((error: unknown) => {
      throw unreadable(disk, path, 0, error);
    });
    opening.defer(() => file.close());
    return file;
  };
  const direct = disk.read.direct === true ? await openPastCache(disk, sourcePath) : null;
  const source = direct === null ? await openOne(sourcePath) : opening.use(direct).handle;
  // An image that is cut off is known before anything is read; of several readers, any might be the first to notice.
  const stat = await source.stat();
  if (stat.isFile() && stat.size < disk.sizeBytes) throw tooShort(disk, sourcePath, stat.size);
  const view = touched.length === 0 || viewPath === sourcePath ? source : await openOne(viewPath);
  const rescuer = bad === null ? null : opening.use(new Rescuer(sourcePath, bad));
  const readSource = async (into: Buffer, range: Range): Promise<void> => {
    try {
      if (direct !== null && !isAligned(range)) await readWidened({ disk, file: direct }, into, range);
      else await readRange({ disk, file: source, path: sourcePath }, into, range);
    } catch (error) {
      const isBad = error instanceof UserError && isErrno(error.cause, "EIO", "ENODATA");
      if (rescuer === null || !isBad) throw error;
      await rescuer.read(into, range).catch((cause: unknown) => {
        throw cause instanceof UserError ? cause : unreadable(disk, sourcePath, range.start, cause);
      });
    }
  };
  const resources = opening.move();
  return {
    async read(cell, start, data) {
      if (sumBytes(data) < cell.length) cell.fill(0);
      let pure = true;
      const into = ({ start: from, end }: Range): Buffer => cell.subarray(from - start, end - start);
      for (const part of splitRanges(data, touched)) {
        if (part.touched) {
          pure = false;
          await readRange({ disk, file: view, path: viewPath }, into(part.range), part.range);
          continue;
        }
        for (const { range, touched: isBad } of splitRanges([part.range], bad?.ranges ?? []))
          if (isBad) into(range).fill(0);
          else await readSource(into(range), range);
      }
      if (bad !== null && intersect(data, bad.ranges).length > 0) pure = false;
      return { pure };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const openPastCache = (disk: DiskToCopy, path: string): Promise<DirectFile> =>
  openDirect(path).catch((error: unknown) => {
    throw unreadable(disk, path, 0, error);
  });

const isAligned = ({ start, end }: Range): boolean =>
  start % DIRECT_ALIGN_BYTES === 0 && end % DIRECT_ALIGN_BYTES === 0;

/** The end of a disk whose size is no multiple of 4 KiB. */
async function readWidened(
  { disk, file }: { disk: DiskToCopy; file: DirectFile },
  into: Buffer,
  range: Range,
): Promise<void> {
  const bytes = await file.read(range, alignedBuffer(into.length + 2 * DIRECT_ALIGN_BYTES));
  if (bytes.length < into.length) throw tooShort(disk, file.path, range.start + bytes.length);
  into.set(bytes);
}

type From = { readonly disk: DiskToCopy; readonly file: FileHandle; readonly path: string };

async function readRange({ disk, file, path }: From, into: Buffer, range: Range): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const at = range.start + done;
    const { bytesRead } = await file.read(into, done, into.length - done, at).catch((error: unknown) => {
      throw unreadable(disk, path, at, error);
    });
    if (bytesRead === 0) throw tooShort(disk, path, at);
    done += bytesRead;
  }
}

function tooShort(disk: DiskToCopy, path: string, endBytes: number): UserError {
  return new UserError(
    "source-short",
    `${path} ends at byte ${endBytes}, disk ${disk.number} has ${disk.sizeBytes}`,
    { advice: "The image is cut off, or the disk changed its size: inspect it again" },
  );
}

function unreadable(disk: DiskToCopy, path: string, at: number, cause: unknown): UserError {
  const why = isErrno(cause, "EIO")
    ? "the disk reports a read error"
    : cause instanceof Error
      ? cause.message
      : String(cause);
  return new UserError(
    "source-unreadable",
    `Disk ${disk.number} (${disk.read.sourcePath}) cannot be read at byte ${at} (${formatBytes(at)}): ${why}`,
    {
      advice: `Look at the kernel log and smartctl for ${path === disk.read.sourcePath ? path : `${path} and its source`}; what was copied stays, the same command goes on from there, with --skip-bad-sectors past what cannot be read`,
      cause,
    },
  );
}
