// SPDX-License-Identifier: Apache-2.0
// Do the changes fit into the guest's file systems?
import { type Change, formatBytes, guestFiles, makeProblem, type Problem } from "../../core/index.ts";
import type { FreeSpace, GuestTools } from "../guest-tools/tools.ts";

/** Each file is written beside the old one and renamed: for a moment both exist. */
export async function checkFreeSpace(changes: readonly Change[], tools: GuestTools): Promise<Problem[]> {
  const needs = new Map<
    string,
    { path: string; free: FreeSpace; grown: number; peak: number; files: number }
  >();
  for (const { path, before, after } of changes) {
    if (after.kind === "absent") continue;
    const free = await tools.freeSpace(path);
    const need = needs.get(free.mount) ?? { path: free.mount, free, grown: 0, peak: 0, files: 0 };
    const size = after.kind === "bytes" ? blockBytes(after.sizeBytes) : 4096;
    need.peak = Math.max(need.peak, need.grown + size);
    need.grown += size - (before.kind === "bytes" ? blockBytes(before.sizeBytes) : 0);
    if (before.kind === "absent") need.files += 1;
    needs.set(free.mount, need);
  }
  const problems: Problem[] = [];
  for (const { path, free, peak, files } of needs.values()) {
    if (peak > free.bytes)
      problems.push(
        makeProblem(path === "/boot" ? "boot-full" : "guest-full", {
          about: guestFiles(path),
          text: `${path} in the guest has ${formatBytes(free.bytes)} (${free.bytes} bytes) free, and the changes need ${formatBytes(peak)} (${peak} bytes)`,
          advice:
            path === "/boot"
              ? "Remove old kernels on the machine (apt-get autoremove --purge), or copy with --as-is"
              : `Free some space in ${path} on the machine, or copy with --as-is`,
        }),
      );
    // One more for the file that is written aside. File systems without a fixed table of inodes report 0 of 0.
    if (free.inodes !== null && files + 1 > free.inodes)
      problems.push(
        makeProblem(path === "/boot" ? "boot-full" : "guest-full", {
          about: guestFiles(path),
          text: `${path} in the guest has ${free.inodes} inodes free, and the changes need ${files + 1}`,
          advice: `Remove some files in ${path} on the machine, or copy with --as-is`,
        }),
      );
  }
  return problems;
}

const blockBytes = (bytes: number): number => Math.ceil(bytes / 4096) * 4096;
