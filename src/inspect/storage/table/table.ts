// SPDX-License-Identifier: Apache-2.0
// The partition table of a disk, as Linux would read it, checked against the disk's size.
import { formatBytes, makeProblem, named, type Problem, UserError } from "../../../core/index.ts";
import { hasGpt, readGpt } from "./gpt.ts";
import { classifyMbr, readMbr } from "./mbr.ts";
import type { Reader } from "../reader.ts";
import type { TablePartition } from "./types.ts";

/** Linux makes devices of no more (DISK_MAX_PARTS). */
const MAX_PARTITIONS = 256;

export type DiskTable = {
  readonly kind: "gpt" | "mbr" | "none";
  /** `none` may still be an empty MBR: then boot code may be there, or a file system from byte 0 on. */
  readonly emptyMbr: boolean;
  readonly id: string | null;
  readonly partitions: readonly TablePartition[];
  readonly problems: readonly Problem[];
};

/** `title` names the disk for messages. UserError `image-truncated` where a partition lies beyond the end. */
export async function readTable(
  reader: Reader,
  options: { readonly sectorBytes: number; readonly title: string },
): Promise<DiskTable> {
  const { sectorBytes, title } = options;
  const sector = classifyMbr(await reader.read(0, 512));
  if (sector.kind === "protective") {
    const table = await readGpt(reader, options);
    const partitions = table.partitions.filter(({ number }) => number < MAX_PARTITIONS);
    refuseTruncated(partitions, reader.sizeBytes, title);
    const problems = [...table.problems, ...(sector.hybrid ? [hybrid(title)] : [])];
    return { kind: "gpt", emptyMbr: false, id: table.id, partitions, problems };
  }
  const ignored = (await hasGpt(reader, sectorBytes)) ? [ignoredGpt(title)] : [];
  if (sector.kind === "none" || sector.empty)
    return { kind: "none", emptyMbr: sector.kind === "mbr", id: null, partitions: [], problems: ignored };
  const table = await readMbr(reader, options);
  refuseTruncated(table.partitions, reader.sizeBytes, title);
  return { kind: "mbr", emptyMbr: false, ...table, problems: [...table.problems, ...ignored] };
}

function hybrid(title: string): Problem {
  return makeProblem("mbr-hybrid", {
    about: named("disk", title),
    text: `${title}: a hybrid MBR stands beside the GPT; the GPT is used, as Linux does`,
    advice: "Both are copied as they are",
  });
}

function ignoredGpt(title: string): Problem {
  return makeProblem("gpt-not-protected", {
    about: named("disk", title),
    text: `${title}: there is a GPT, but no protective MBR; the GPT is ignored, as Linux does`,
    advice: "It is left from an earlier use of the disk; nothing is to be done",
  });
}

function refuseTruncated(partitions: readonly TablePartition[], sizeBytes: number, title: string): void {
  // An extended partition is only a container; what matters is whether the logical ones are whole.
  const reachesOut = partitions.filter((part) =>
    part.extended ? part.start >= sizeBytes : part.end > sizeBytes,
  );
  const [first] = reachesOut.toSorted((a, b) => a.start - b.start);
  if (first === undefined) return;
  const missing = Math.max(...reachesOut.map((part) => part.end)) - sizeBytes;
  throw new UserError(
    "image-truncated",
    `${title} has ${sizeBytes} bytes, but its partition ${first.number} ends at byte ${first.end}: ${missing} bytes (${formatBytes(missing)}) are missing`,
    {
      advice:
        "The image was cut off while it was made, or it is one disk of a RAID controller: take the whole disk again",
    },
  );
}

/** Numbers of the partitions that share bytes with another one. */
export function findOverlapping(partitions: readonly TablePartition[]): ReadonlySet<number> {
  const sorted = partitions.filter((part) => !part.extended).toSorted((a, b) => a.start - b.start);
  const found = new Set<number>();
  let reach: TablePartition | null = null;
  for (const part of sorted) {
    if (reach !== null && part.start < reach.end) {
      found.add(part.number);
      found.add(reach.number);
    }
    if (reach === null || part.end > reach.end) reach = part;
  }
  return found;
}
