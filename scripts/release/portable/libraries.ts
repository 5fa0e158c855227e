// SPDX-License-Identifier: Apache-2.0
// Which libraries of a Debian tree some programs need: what they name, what those name, and so on.
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";

const DIRECTORIES = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64"];

/** Loaded by name while a program runs, when a thread ends: no file says so. */
const BY_NAME: readonly string[] = ["libgcc_s.so.1"];

/** Files by the names they are asked for, sorted. Error where one is not in the tree. */
export async function librariesOf(
  tree: string,
  programs: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const open = [...BY_NAME];
  for (const program of programs) open.push(...(await neededBy(program, signal)));
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (found.has(name)) continue;
    const path = await find(tree, name);
    found.set(name, path);
    open.push(...(await neededBy(path, signal)));
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function neededBy(path: string, signal: AbortSignal): Promise<readonly string[]> {
  const { stdout } = await run(["patchelf", "--print-needed", path], { signal });
  return stdout.split("\n").filter((line) => line !== "");
}

async function find(tree: string, name: string): Promise<string> {
  for (const directory of DIRECTORIES) {
    const path = await realpath(join(tree, directory, name)).catch(() => null);
    if (path?.startsWith(`${await realpath(tree)}/`) === true) return path;
  }
  throw new Error(`The library ${name} is not among the packages of the portable file`);
}
