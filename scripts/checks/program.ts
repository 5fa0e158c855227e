// SPDX-License-Identifier: Apache-2.0
// The program as it is installed, for the block tests: they start it a hundred times, and one file is loaded in a fifth of
// the time that all sources take. Built again when anything that goes into it has changed.
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { CACHE } from "./cache.ts";
import { closureHash, type Sources } from "./imports.ts";

export const PROGRAM_SOURCES = ["bin/main.ts", "bin/agent.ts", "src/iso/home.ts"];
const DATA = ["package.json", "package-lock.json", "bin/virt-p2v", "src/inspect/survey/collector.sh"];

/** Its start script. */
export async function builtProgram(sources: Sources): Promise<string> {
  const parts = await Promise.all(DATA.map((path) => readFile(path, "utf8")));
  for (const path of PROGRAM_SOURCES) parts.push(closureHash(path, sources));
  const home = resolve(
    CACHE,
    `program-${hash("sha256", [process.version, ...parts].join("\0")).slice(0, 12)}`,
  );
  if (!existsSync(home)) await build(home);
  return join(home, "bin/virt-p2v");
}

async function build(home: string): Promise<void> {
  const { writeHome } = await import("../../src/iso/index.ts");
  const scratch = await mkdtemp(join(tmpdir(), "p2v-checks-"));
  const made = await mkdtemp(`${home}-`);
  try {
    await writeHome(made, { scratch, withNode: false, signal: new AbortController().signal });
    await symlink(process.execPath, join(made, "node"));
    await rename(made, home);
  } catch (error) {
    if (!existsSync(home)) throw error; // another run has made the same
  } finally {
    for (const path of [made, scratch]) await rm(path, { recursive: true, force: true });
  }
}
