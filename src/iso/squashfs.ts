// SPDX-License-Identifier: Apache-2.0
// A tree as a squashfs whose bytes depend on the tree alone.
import { rm } from "node:fs/promises";
import { run } from "../system/index.ts";

export async function makeSquashfs(options: {
  root: string;
  path: string;
  /** Paths below `root`, with shell wildcards. */
  exclude: readonly string[];
  /** All files belong to root, whoever owns them here. */
  allRoot: boolean;
  epoch: number;
  signal: AbortSignal;
}): Promise<void> {
  const { root, path, exclude, allRoot, epoch, signal } = options;
  await rm(path, { force: true });
  const argv = ["mksquashfs", root, path, "-noappend", "-no-progress", "-quiet"];
  argv.push("-comp", "zstd", "-Xcompression-level", "15", "-b", "256K");
  argv.push("-mkfs-time", `${epoch}`, "-all-time", `${epoch}`, "-wildcards");
  if (allRoot) argv.push("-all-root");
  if (exclude.length > 0) argv.push("-e", ...exclude);
  await run(argv, { signal, timeoutMs: 45 * 60_000 });
}
