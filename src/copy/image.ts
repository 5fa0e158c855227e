// SPDX-License-Identifier: Apache-2.0
// A finished image as the raw disk it holds, read-only, and where it has holes.
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type ImageFormat, normalizeRanges, type Range, UserError } from "../core/index.ts";
import { type DirectFile, isErrno, makeRunDirectory, openDirect, run, startDaemon } from "../system/index.ts";

export interface OpenImage extends AsyncDisposable {
  readonly file: DirectFile;
  /** Known to read as zero; false where it must be read. */
  isHole(range: Range): boolean;
}

type Wanted = {
  readonly imageFormat: ImageFormat;
  readonly sizeBytes: number;
  readonly volume?: string | undefined;
};

/** UserError `verification` when it is not there, or not of this size. */
export async function openImage(
  path: string,
  wanted: Wanted,
  { signal }: { signal: AbortSignal },
): Promise<OpenImage> {
  const there = await stat(path).catch((error: unknown) => {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  });
  if (there?.isBlockDevice() === true && wanted.volume !== undefined) {
    // Longer than the disk is right: what lies behind its end is not ours. Shorter shows when it is read.
    const file = await openDirect(path);
    return { file, isHole: () => false, [Symbol.asyncDispose]: () => file[Symbol.asyncDispose]() };
  }
  if (there?.isFile() !== true) throw wrong(`${path} is missing`);
  await using opening = new AsyncDisposableStack();
  const holes = await findHoles(path, wanted, signal);
  const raw = wanted.imageFormat === "raw" ? path : opening.use(await exportReadOnly(path, signal)).path;
  const { size } = await stat(raw);
  if (size !== wanted.sizeBytes)
    throw wrong(`${path} has ${size} bytes, the manifest says ${wanted.sizeBytes}`);
  const file = opening.use(await openDirect(raw));
  const resources = opening.move();
  return {
    file,
    isHole: (range) => isInside(range, holes),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function wrong(text: string): UserError {
  return new UserError("image-wrong", text, { advice: "Copy it again with --replace" });
}

const mapSchema = z.array(
  z.object({ start: z.int().nonnegative(), length: z.int().nonnegative(), data: z.boolean() }),
);

/** By qemu-img, since Node has no SEEK_HOLE; where it is not installed, all is read. */
async function findHoles(
  path: string,
  { imageFormat }: Wanted,
  signal: AbortSignal,
): Promise<readonly Range[]> {
  try {
    const { stdout } = await run(["qemu-img", "map", "--output=json", "-f", imageFormat, "-U", path], {
      signal,
      timeoutMs: 600_000,
      maxOutputBytes: 256 * 2 ** 20,
    });
    const extents = mapSchema.parse(JSON.parse(stdout));
    return normalizeRanges(
      extents.filter((one) => !one.data).map(({ start, length }) => ({ start, end: start + length })),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UserError && error.code === "program-missing") return [];
    throw error;
  }
}

/** Is `range` wholly inside one of `ranges` (normal)? */
function isInside(range: Range, ranges: readonly Range[]): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = ranges[middle];
    if (one !== undefined && one.end <= range.start) low = middle + 1;
    else high = middle;
  }
  const one = ranges[low];
  return one !== undefined && one.start <= range.start && range.end <= one.end;
}

type Exported = AsyncDisposable & { readonly path: string };

/** A qcow2 image as a raw file, by a FUSE export of qemu-storage-daemon. */
async function exportReadOnly(path: string, signal: AbortSignal): Promise<Exported> {
  await using opening = new AsyncDisposableStack();
  const directory = opening.use(await makeRunDirectory("verify"));
  const mountpoint = join(directory.path, "disk");
  await writeFile(mountpoint, "");
  opening.defer(() => rm(mountpoint, { force: true }));
  const file = { "node-name": "file", driver: "file", filename: path, "read-only": true };
  const disk = { "node-name": "disk", driver: "qcow2", file: "file", "read-only": true };
  const fuse = { type: "fuse", id: "p2v", "node-name": "disk", mountpoint, writable: false };
  const daemon = opening.use(
    await startDaemon([
      "qemu-storage-daemon",
      "--blockdev",
      JSON.stringify(file),
      "--blockdev",
      JSON.stringify(disk),
      "--export",
      JSON.stringify(fuse),
    ]),
  );
  for (let waitedMs = 0; (await stat(mountpoint)).size === 0; waitedMs += 20) {
    signal.throwIfAborted();
    if (daemon.ended.aborted || waitedMs > 20_000)
      throw wrong(`${path} cannot be opened: ${daemon.lastWords()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const resources = opening.move();
  return { path: mountpoint, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
