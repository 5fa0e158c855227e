// SPDX-License-Identifier: Apache-2.0
// What was lost to bad sectors, in words for the report: byte ranges, and the files that lie there.
import {
  type BlockGraph,
  formatBytes,
  makeProblem,
  named,
  type Problem,
  type Range,
  sumBytes,
} from "../../core/index.ts";
import { type FilesAt, filesAt } from "../../inspect/index.ts";

/** A report lists so many of each; the rest is counted. */
const MAX_LISTED = 50;

type Lost = {
  readonly storage: BlockGraph;
  /** `path`: the disk as it was copied. */
  readonly disk: { readonly number: number; readonly path: string };
  readonly ranges: readonly Range[];
  readonly signal: AbortSignal;
};

/** Null when nothing was lost. */
export async function lostToBadSectors({ storage, disk, ranges, signal }: Lost): Promise<Problem | null> {
  if (ranges.length === 0) return null;
  return lostProblem(disk, ranges, await filesAt({ graph: storage, disk, ranges, signal }));
}

/** Pure. */
export function lostProblem(
  disk: Lost["disk"],
  ranges: readonly Range[],
  volumes: readonly FilesAt[],
): Problem {
  const places = listed(ranges.map(({ start, end }) => `${start}-${end}`));
  const inFiles = volumes.map(({ volume, files, otherBytes }) => {
    const parts = [
      ...(files.length === 0 ? [] : [`files ${listed(files)}`]),
      ...(otherBytes === 0 ? [] : [`${formatBytes(otherBytes)} of blocks that are no file's`]),
    ];
    return `; on ${volume}: ${parts.join(", and ")}`;
  });
  return makeProblem("bad-sectors", {
    about: named("disk", disk.path),
    text: `Disk ${disk.number} could not be read in ${ranges.length === 1 ? "one place" : `${ranges.length} places`}, ${formatBytes(sumBytes(ranges))} in all, now zero in the image: bytes ${places}${inFiles.join("")}`,
    advice:
      volumes.length === 0
        ? "Which files lie there is not known: check the guest's file systems and databases, and restore from a backup"
        : "Restore these files in the VM from a backup, and retire the disk",
  });
}

function listed(items: readonly string[]): string {
  const more = items.length - MAX_LISTED;
  return items.slice(0, MAX_LISTED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
