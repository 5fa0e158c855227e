// SPDX-License-Identifier: Apache-2.0
// The portable file: what is in it. assemble.ts puts it together, head.sh says what happens where it is started.
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../../../lab/cache.ts";
import { writeHome } from "../../../src/iso/index.ts";
import { run } from "../../../src/system/index.ts";
import { ARTIFACTS, type Release } from "../release.ts";
import { assemble } from "./assemble.ts";
import { debianTree, PACKAGE_LIST } from "./debian-tree.ts";
import { finishTree, makeRuntime } from "./runtime.ts";

/** Its path. */
export async function makePortable(release: Release): Promise<string> {
  const { version, out, scratch, signal } = release;
  const tree = await debianTree(release);
  const runtime = await packedRuntime(tree, release);
  const program = join(scratch, "program");
  await writeHome(program, { scratch, withNode: false, signal });
  await finishTree(program);
  const packedProgram = join(scratch, "program.tar.xz");
  await packTree(program, packedProgram, release);
  const parts = { busybox: join(tree, "bin/busybox"), runtime, program: packedProgram };
  const path = join(out, ARTIFACTS.portable(version));
  await assemble(path, { version, parts });
  return path;
}

/** Packing it takes minutes, and it changes with Debian's packages, Node, and how it is made. */
async function packedRuntime(tree: string, release: Release): Promise<string> {
  const { packing, say, signal } = release;
  const sources = (await readdir(import.meta.dirname))
    .filter((name) => /^(programs|.*\.ts)$/.test(name))
    .toSorted();
  const texts = await Promise.all(sources.map((name) => readFile(join(import.meta.dirname, name), "utf8")));
  return await cached({
    name: "portable-runtime",
    recipe: [packing, process.version, await readFile(join(tree, PACKAGE_LIST), "utf8"), ...texts],
    signal,
    onProgress: say,
    build: async (path) => {
      const work = join(release.scratch, "runtime-work");
      await mkdir(work);
      const root = join(release.scratch, "runtime");
      await makeRuntime(root, { tree, scratch: work, signal });
      await packTree(root, path, release);
    },
  });
}

/** Times are set anew where it is unpacked, so that no cleaner of old files takes them. */
export async function packTree(
  root: string,
  path: string,
  { packing, signal }: Pick<Release, "packing" | "signal">,
): Promise<void> {
  const tar = `${path}.tar`;
  const same = ["--sort=name", "--format=ustar", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"];
  await run(["tar", ...same, "-C", root, "-cf", tar, "."], { signal, timeoutMs: 600_000 });
  // Not the filter for x86 programs, which saves 3 % more: busybox knows none. Blocks of a fixed size give the same bytes
  // on any number of cores.
  const level = packing === "small" ? "-9" : "-0";
  const argv = ["xz", "--quiet", level, "--check=crc32", "--threads=2", "--block-size=64MiB", tar];
  await run(argv, { signal, timeoutMs: 3600_000 });
  await rename(`${tar}.xz`, path);
}
