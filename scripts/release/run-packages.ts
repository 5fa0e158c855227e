// SPDX-License-Identifier: Apache-2.0
// The Debian packages that the program runs with: the lists of scripts/setup.sh, which is the only place that has them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "../../src/iso/index.ts";

export type RunPackages = {
  /** Without them no migration. */
  readonly needed: readonly string[];
  /** For the boot check, and for what some machines have. */
  readonly useful: readonly string[];
};

export async function readRunPackages(): Promise<RunPackages> {
  const text = await readFile(join(REPOSITORY, "scripts/setup.sh"), "utf8");
  return { needed: parseList(text, "RUN_PACKAGES"), useful: parseList(text, "MORE_PACKAGES") };
}

/** Names in the shell's variable `name`, whose lines are `PACKAGE /FILE why`. */
function parseList(setup: string, name: string): readonly string[] {
  const body = new RegExp(`^${name}='\\n([^']*)'$`, "m").exec(setup)?.[1];
  const lines = (body ?? "").split("\n").filter((line) => line !== "");
  const names = lines.map((line) => /^([a-z0-9][a-z0-9.+-]+) \/\S+ \S/.exec(line)?.[1] ?? "");
  if (names.length === 0 || names.includes("")) throw new Error(`scripts/setup.sh has no list ${name}`);
  return names;
}
