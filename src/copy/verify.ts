// SPDX-License-Identifier: Apache-2.0
// Reads finished images again and compares every segment with the manifest's hashes.
import { createHash, hash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Emit, type Range, UserError } from "../core/index.ts";
import { alignedBuffer, DIRECT_ALIGN_BYTES, type DirectFile, readBounded } from "../system/index.ts";
import { cellCount, cellRange, entryAt, type Grid, hashesBytes, zeroHash } from "../wire/index.ts";
import { openImage } from "./image.ts";
import { type ManifestDisk, parseManifest } from "./manifest.ts";

const READS_IN_FLIGHT = 4;
const MAX_RANGES = 1000;

export type ImageCheck = {
  readonly file: string;
  readonly sizeBytes: number;
  readonly readBack: "direct" | "cached";
  /** Segments that are not what was copied; joined where they touch, at most 1000. Empty: all is right. */
  readonly differing: readonly Range[];
  /** SHA-256 of the whole image as raw disk, with `full`; else null. */
  readonly sha256: string | null;
};

type Options = {
  /** Also compute the SHA-256 of each whole disk: one more pass over its bytes, in order. */
  readonly full: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
};

/** Checks all images of `directory`. UserError `verification` when there is nothing to check against. */
export async function verifyImages(directory: string, options: Options): Promise<readonly ImageCheck[]> {
  const path = join(directory, "manifest.json");
  const bytes = await readBounded(path, { maxBytes: 2 ** 20 });
  if (bytes === null)
    throw new UserError("manifest-missing", `There is no manifest.json in ${directory}`, {
      advice: "Name the directory of one VM; a copy that is not finished has none: run its command again",
    });
  const manifest = parseManifest(bytes.toString("utf8"), path);
  const checks: ImageCheck[] = [];
  for (const disk of manifest.disks) checks.push(await verifyImage(directory, disk, options));
  return checks;
}

/** The error of a command whose check found differences; null when all is right. */
export function verificationError(checks: readonly ImageCheck[]): UserError | null {
  const wrong = checks.filter((check) => check.differing.length > 0);
  if (wrong.length === 0) return null;
  const lines = wrong.map(({ file, differing }) => {
    const shown = differing.slice(0, 5).map(({ start, end }) => `${start}-${end}`);
    return `${file} differs at bytes ${shown.join(", ")}${differing.length > 5 ? ` and ${differing.length - 5} more ranges` : ""}`;
  });
  return new UserError("image-differs", lines.join("; "), {
    advice:
      "If the VM has run since, that is normal; else its disk or memory is failing: copy it again with --replace",
  });
}

async function verifyImage(directory: string, disk: ManifestDisk, options: Options): Promise<ImageCheck> {
  const { signal, emit, full } = options;
  const grid: Grid = disk;
  const hashes = await readHashes(join(directory, disk.hashes), disk);
  await using image = await openImage(disk.volume ?? join(directory, disk.file), disk, { signal });
  const whole = full ? new InOrder() : null;
  const differing: number[] = [];
  let next = 0;
  let doneBytes = 0;
  const reader = async (): Promise<void> => {
    const buffer = alignedBuffer(grid.segmentBytes + 2 * DIRECT_ALIGN_BYTES);
    for (let index = next++; index < cellCount(grid); index = next++) {
      signal.throwIfAborted();
      const range = cellRange(grid, index);
      const expected = entryAt(hashes, index);
      if (image.isHole(range)) {
        if (!expected.equals(zeroHash(range.end - range.start))) differing.push(index);
        if (whole !== null) await whole.add(index, Buffer.alloc(range.end - range.start));
      } else {
        const bytes = await readCell(image.file, range, buffer);
        if (bytes === null || !hash("sha256", bytes, "buffer").equals(expected)) differing.push(index);
        if (whole !== null) await whole.add(index, bytes ?? Buffer.alloc(0));
      }
      doneBytes += range.end - range.start;
      emit({
        type: "progress",
        phase: "verify",
        disk: disk.file,
        doneBytes,
        totalBytes: grid.sizeBytes,
        sentBytes: 0,
      });
    }
  };
  await Promise.all(Array.from({ length: READS_IN_FLIGHT }, reader));
  return {
    file: disk.file,
    sizeBytes: disk.sizeBytes,
    readBack: image.file.how,
    differing: joinCells(grid, differing),
    sha256: whole?.digest() ?? null,
  };
}

/** null where the disk cannot be read or ends: that cell is wrong, and the others are still looked at. */
async function readCell(file: DirectFile, range: Range, buffer: Uint8Array): Promise<Uint8Array | null> {
  try {
    const bytes = await file.read(range, buffer);
    return bytes.length === range.end - range.start ? bytes : null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EIO") return null;
    throw error;
  }
}

async function readHashes(path: string, disk: ManifestDisk): Promise<Buffer> {
  const wanted = hashesBytes(disk);
  const there = await stat(path).catch(() => null);
  const bytes = there?.size === wanted ? await readBounded(path, { maxBytes: wanted }) : null;
  if (bytes !== null && hash("sha256", bytes, "hex") === disk.rootSha256) return bytes;
  throw new UserError(
    "hashes-wrong",
    `${path} ${there === null ? "is missing" : "is not the file the manifest means"}`,
    {
      advice:
        "It was changed or damaged; without it the image cannot be checked. Copy it again with --replace",
    },
  );
}

/** Cells by index, in any order, to ranges. Pure. */
export function joinCells(grid: Grid, cells: readonly number[]): Range[] {
  const ranges: { start: number; end: number }[] = [];
  for (const index of cells.toSorted((a, b) => a - b)) {
    const { start, end } = cellRange(grid, index);
    const last = ranges.at(-1);
    if (last?.end === start) last.end = end;
    else if (ranges.length < MAX_RANGES) ranges.push({ start, end });
  }
  return ranges;
}

/** Hashes pieces in the order of their index; who is ahead waits, with its bytes. */
class InOrder {
  readonly #hash = createHash("sha256");
  #next = 0;
  readonly #waiting = new Map<number, () => void>();

  async add(index: number, bytes: Uint8Array): Promise<void> {
    if (index !== this.#next) await new Promise<void>((resolve) => this.#waiting.set(index, resolve));
    this.#hash.update(bytes);
    this.#next += 1;
    this.#waiting.get(this.#next)?.();
    this.#waiting.delete(this.#next);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}
