// SPDX-License-Identifier: Apache-2.0
// What an overlay changed, as a qcow2 file above the image it was made for; and that file's way into the image.
import { open } from "node:fs/promises";
import type { Range, SealedView } from "../core/index.ts";
import { run } from "../system/index.ts";
import { QCOW2_CLUSTER_BYTES, writeQcow2 } from "./qcow2-file.ts";

/** Indices of the clusters that touch a range, ascending. Pure. */
export function clustersOf(ranges: readonly Range[]): readonly number[] {
  const clusters = new Set<number>();
  for (const { start, end } of ranges)
    for (let at = Math.floor(start / QCOW2_CLUSTER_BYTES); at * QCOW2_CLUSTER_BYTES < end; at += 1)
      clusters.add(at);
  return [...clusters].toSorted((a, b) => a - b);
}

/** What a qcow2 file is laid above; an absolute path. */
export type Backing = { readonly path: string; readonly format: "raw" | "qcow2" };

/** Writes the file at `path`, which must not be there. */
export async function saveOverlay(
  view: SealedView,
  path: string,
  { backing, signal }: { backing: Backing; signal: AbortSignal },
): Promise<void> {
  const { sizeBytes } = view.disk;
  await using source = await open(view.path, "r");
  await writeQcow2(path, {
    sizeBytes,
    used: clustersOf(view.touched),
    read: async (cluster) => {
      const bytes = Buffer.alloc(QCOW2_CLUSTER_BYTES);
      const start = cluster * QCOW2_CLUSTER_BYTES;
      await source.read(bytes, 0, Math.min(bytes.length, sizeBytes - start), start);
      return bytes;
    },
    signal,
  });
  // Only the header changes (-u): it named no backing file.
  const named = ["-b", backing.path, "-F", backing.format];
  await run(["qemu-img", "rebase", "-u", "-f", "qcow2", ...named, "--", path], { signal });
  await using file = await open(path, "r+");
  await file.sync();
}

/** Writes what the file holds into its backing image. Interrupted, the same again ends it: the file stays as it is. */
export async function commitOverlay(path: string, { signal }: { signal: AbortSignal }): Promise<void> {
  await run(["qemu-img", "commit", "-q", "-d", "-f", "qcow2", "--", path], { signal, timeoutMs: 3600_000 });
}
