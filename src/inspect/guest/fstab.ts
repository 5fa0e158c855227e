// SPDX-License-Identifier: Apache-2.0
// The guest's fstab: its lines, and which node of the disks each names.
import { type BlockGraph, findSpec, type GuestView, type Mount, type Problem } from "../../core/index.ts";

const MAX_LINES = 100_000;

export type FstabLine = {
  readonly spec: string;
  readonly path: string;
  readonly type: string;
  readonly options: string;
};

/** Octal escapes of fstab(5): `\040` is a blank. */
export function unescapeFstab(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The lines that name something; RangeError above 100,000 lines. */
export function parseFstab(text: string): readonly FstabLine[] {
  const lines = text.split("\n");
  if (lines.length > MAX_LINES) throw new RangeError(`fstab has more than ${MAX_LINES} lines`);
  const out: FstabLine[] = [];
  for (const line of lines) {
    const [spec = "", path = "", type = "auto", options = "defaults"] = line.trim().split(/[ \t]+/);
    if (spec === "" || spec.startsWith("#") || path === "") continue;
    out.push({ spec: unescapeFstab(spec), path: unescapeFstab(path), type, options });
  }
  return out;
}

const SERVED = new Set([
  "ext2",
  "ext3",
  "ext4",
  "xfs",
  "btrfs",
  "f2fs",
  "jfs",
  "reiserfs",
  "vfat",
  "auto",
  "swap",
  "ntfs",
]);

/** Mounts that a disk should serve, and a word for each whose disk was not given. */
export async function readMounts(
  view: GuestView,
  graph: BlockGraph,
): Promise<{ mounts: readonly Mount[]; problems: readonly Problem[] }> {
  const text = (await view.readText("/etc/fstab", { maxBytes: 16 * 2 ** 20 })) ?? "";
  const problems: Problem[] = [];
  const mounts: Mount[] = [];
  for (const line of parseFstab(text)) {
    if (!SERVED.has(line.type) || line.options.split(",").includes("bind")) continue;
    if (/^\/dev\/(sr|scd|fd|cdrom|floppy)/.test(line.spec)) continue;
    const node = findSpec(graph, line.spec);
    mounts.push({ ...line, node });
    if (node === null && !/\bnofail\b|\bnoauto\b/.test(line.options))
      problems.push({
        code: "mount-not-found",
        severity: "warns",
        text: `fstab mounts ${line.spec} on ${line.path}, and none of the given disks has it`,
        advice: "Give the disk that holds it too, or the VM may stop at boot and ask for it",
      });
  }
  return { mounts, problems };
}
