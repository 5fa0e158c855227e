// SPDX-License-Identifier: Apache-2.0
// The portable file: a shell script, and behind it, each at a block of 4096 bytes, a static busybox that unpacks the rest,
// the runtime, and our program. head.sh says what happens where it is started.
import { createReadStream } from "node:fs";
import { chmod, mkdir, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { cached } from "../../../lab/cache.ts";
import { writeHome } from "../../../src/iso/index.ts";
import { run } from "../../../src/system/index.ts";
import { ARTIFACTS, type Release } from "../release.ts";
import { hashFile } from "../sums.ts";
import { debianTree, PACKAGE_LIST } from "./debian-tree.ts";
import { finishTree, makeRuntime } from "./runtime.ts";

const BLOCK = 4096;

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
async function packTree(
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

type Parts = Readonly<Record<"busybox" | "runtime" | "program", string>>;

async function assemble(path: string, { version, parts }: { version: string; parts: Parts }): Promise<void> {
  const template = await readFile(join(import.meta.dirname, "head.sh"), "utf8");
  const values: Record<string, string> = { VERSION: version };
  // The head's own length decides where the parts begin: it gets as many blocks as its template, and one more for the values.
  const headBlocks = Math.ceil(Buffer.byteLength(template) / BLOCK) + 1;
  let at = headBlocks;
  for (const name of ["busybox", "runtime", "program"] as const) {
    const { size } = await stat(parts[name]);
    const upper = name.toUpperCase();
    values[`${upper}_AT`] = `${at}`;
    values[`${upper}_BYTES`] = `${size}`;
    values[`${upper}_SHA256`] = await hashFile(parts[name]);
    at += Math.ceil(size / BLOCK);
  }
  const head = Buffer.alloc(headBlocks * BLOCK, "\n");
  const text = Buffer.from(renderHead(template, values));
  if (text.length > head.length) throw new Error("The head of the portable file is too long");
  text.copy(head);
  await using file = await open(path, "w", 0o755);
  await file.write(head);
  for (const name of ["busybox", "runtime", "program"] as const) {
    let bytes = 0;
    for await (const part of createReadStream(parts[name], { highWaterMark: 2 ** 20 })) {
      bytes += (part as Buffer).length;
      await file.write(part as Buffer);
    }
    await file.write(Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK));
  }
  await chmod(path, 0o755);
}

/** Fills in `@NAME@`. Error where one is not known, or stays. */
export function renderHead(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/@([A-Z][A-Z0-9_]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`head.sh names @${name}@, which nobody knows`);
    return value;
  });
}
