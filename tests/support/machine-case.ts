// SPDX-License-Identifier: Apache-2.0
// A machine that somebody reported, built by its make.sh, and what the plan must make of it. A case is a folder of tests/cases;
// `npm run test:cases` shows all as a table.
import assert from "node:assert/strict";
import { cp, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { cached } from "../../lab/cache.ts";
import type { Preview, Problem } from "../../src/core/index.ts";
import { run } from "../../src/system/index.ts";
import { cli } from "./cli.ts";
import { temporary } from "./temporary.ts";

export type MachineCase = {
  /** What it is, in one line. */
  readonly machine: string;
  /** What is right: what an administrator would want of the plan. */
  readonly right: string;
  /** Images that make.sh leaves, in the order in which they are given. */
  readonly disks: readonly string[];
  /** More words of the command. Default: none. */
  readonly args?: readonly string[];
  readonly check: (planned: Planned) => void | Promise<void>;
};

/** How the command ended, and what it printed. */
export type Planned = {
  readonly code: number | null;
  /** For people, as it stands on the terminal. */
  readonly text: string;
  /** What `--json` has; throws where the command printed none. */
  readonly preview: Preview;
  /** The problems of one code. */
  readonly problems: (code: Problem["code"]) => readonly Problem[];
  /** Lines that the plan adds to a file of the guest, or takes from it; [] where it does not change it. */
  readonly added: (path: string) => readonly string[];
  readonly removed: (path: string) => readonly string[];
};

/** `about` is the import.meta of the case's own file, beside its make.sh. */
export function machineCase(about: ImportMeta, found: MachineCase): void {
  const directory = dirname(about.filename);
  const title = basename(directory);
  test(`${title}: ${found.machine}. Right: ${found.right}`, async (t) => {
    const images = await build(directory, title);
    const to = `dir:${await temporary(t)}`;
    const disks = found.disks.flatMap((disk) => ["--disk", join(images, title, disk)]);
    const words = ["plan", ...disks, "--to", to, "--name", "case", ...(found.args ?? [])];
    const shown = await cli(words);
    const asData = await cli([...words, "--json"]);
    assert.equal(asData.code, shown.code, "--json changes the exit code");
    assert.doesNotMatch(shown.stderr, /\n\s+at .*:\d+:\d+/, "a stack is shown");
    await found.check(plannedOf(shown.code, `${shown.stdout}${shown.stderr}`, asData.stdout));
  });
}

/** As `--json` prints it: the diffs are beside the changes. */
type Printed = Preview & { readonly diffs: readonly (string | null)[] };

function plannedOf(code: number | null, text: string, json: string): Planned {
  const read = (): Printed => {
    assert.match(json, /"format": "plan\/1"/, `no plan: ${text}`);
    return JSON.parse(json) as Printed;
  };
  const lines = (path: string, sign: string): readonly string[] => {
    const { changes, diffs } = read();
    return changes
      .flatMap((change, index) => (change.path === path ? (diffs[index] ?? "").split("\n") : []))
      .filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3)))
      .map((line) => line.slice(1));
  };
  return {
    code,
    text,
    get preview() {
      return read();
    },
    problems: (wanted) => read().problems.filter((problem) => problem.code === wanted),
    added: (path) => lines(path, "+"),
    removed: (path) => lines(path, "-"),
  };
}

/** Images are never written by a plan: all runs share them. */
async function build(directory: string, title: string): Promise<string> {
  const library = join(directory, "..", "lib.sh");
  const make = join(directory, "make.sh");
  const recipe = await Promise.all([library, make].map((path) => readFile(path, "utf8")));
  return await cached({
    name: `case-${title}`,
    recipe,
    signal: AbortSignal.timeout(300_000),
    async build(path, { signal }) {
      await cp(library, join(path, "lib.sh"));
      await cp(make, join(path, title, "make.sh"));
      await run(["bash", join(path, title, "make.sh")], { signal, timeoutMs: 240_000 });
    },
  });
}
