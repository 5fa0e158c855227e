// SPDX-License-Identifier: Apache-2.0
// The rules of the house hold for every file, and each of them is seen to fail where it is broken on purpose.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseSource, readSources, type SourceFile } from "../../support/source-tree.ts";
import * as rules from "./rules.ts";

const ROOT = join(import.meta.dirname, "../../..");
const files = await readSources(ROOT);
const testCommands = await readTestCommands();

/** What package.json, the scripts and CI run as tests: globs as regular expressions. */
async function readTestCommands(): Promise<readonly RegExp[]> {
  const texts = await Promise.all(
    [
      "package.json",
      ".ci/run",
      "scripts/ok.ts",
      "scripts/test.ts",
      "scripts/cases.ts",
      "tests/livecd/livecd-overlay.test.ts",
    ].map((name) => readFile(join(ROOT, name), "utf8")),
  );
  const globs = texts.flatMap((text) => text.match(/[\w*{},/.-]+\.test\.ts/g) ?? []);
  return globs.flatMap(expandBraces).map(globPattern);
}

function expandBraces(text: string): readonly string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/.exec(text);
  if (match === null) return [text];
  const [, before = "", list = "", after = ""] = match;
  return list.split(",").flatMap((item) => expandBraces(before + item + after));
}

function globPattern(glob: string): RegExp {
  const words = glob.split(/(\*\*\/|\*)/).map((word) => {
    if (word === "**/") return "(?:.*/)?";
    return word === "*" ? "[^/]*" : word.replaceAll(/[.\\+?^$()|[\]]/g, "\\$&");
  });
  return new RegExp(`^${words.join("")}$`);
}

type Rule = (files: readonly SourceFile[]) => readonly string[];

const source = (path: string, text = ""): SourceFile => parseSource(path, text);
const lines = (count: number): string => "// line\n".repeat(count);

/** Each rule, with files that keep it, and the same with one thing wrong. */
const RULES: readonly {
  readonly name: string;
  readonly rule: Rule;
  readonly keeps: readonly SourceFile[];
  readonly breaks: readonly SourceFile[];
  readonly says: RegExp;
}[] = [
  {
    name: "rooms import lower rooms only",
    rule: rules.importOrder,
    keeps: [source("src/job/a.ts", 'import { b } from "../core/index.ts";\n')],
    breaks: [source("src/core/a.ts", 'import type { b } from "../job/index.ts";\n')],
    says: /src\/core\/a\.ts imports src\/job\/index\.ts: not a lower room/,
  },
  {
    name: "rooms are imported by their index",
    rule: rules.importOrder,
    keeps: [source("src/job/a.test.ts", 'import { b } from "../core/b.ts";\n')],
    breaks: [source("src/job/a.ts", 'import { b } from "../core/b.ts";\n')],
    says: /not the room's index/,
  },
  {
    name: "every room is on the map",
    rule: rules.importOrder,
    keeps: [source("src/job/a.ts")],
    breaks: [source("src/cellar/a.ts")],
    says: /src\/cellar\/a\.ts lies in a room that is not on the map/,
  },
  {
    name: "no circles of imports, types included",
    rule: rules.importCircles,
    keeps: [source("src/job/a.ts", 'import type { B } from "./b.ts";\n'), source("src/job/b.ts")],
    breaks: [
      source("src/job/a.ts", 'import type { B } from "./b.ts";\n'),
      source("src/job/b.ts", 'export { a } from "./a.ts";\n'),
    ],
    says: /src\/job\/a\.ts -> src\/job\/b\.ts -> src\/job\/a\.ts/,
  },
  {
    name: "programs are started by src/system alone",
    rule: rules.programStarts,
    keeps: [source("src/system/run.ts", 'import { spawn } from "node:child_process";\n')],
    breaks: [source("src/hosts/a.ts", 'import { spawn } from "node:child_process";\n')],
    says: /src\/hosts\/a\.ts uses child_process/,
  },
  {
    name: "files are short",
    rule: rules.longFiles,
    keeps: [source("src/job/a.ts", lines(300))],
    breaks: [source("tests/vm/a.test.ts", lines(301))],
    says: /has 301 lines, more than 300/,
  },
  {
    name: "folders are small",
    rule: rules.fullFolders,
    keeps: Array.from({ length: 25 }, (_, index) => source(`src/job/a${index}.ts`)),
    breaks: Array.from({ length: 26 }, (_, index) => source(`src/job/a${index}.ts`)),
    says: /src\/job has 26 files, more than 25/,
  },
  {
    name: "what is exported is used elsewhere",
    rule: rules.unusedExports,
    keeps: [
      source("src/core/a.ts", "export const a = 1;\n"),
      source("src/core/index.ts", 'export * from "./a.ts";\n'),
      source("src/job/b.ts", 'import { a } from "../core/index.ts";\n'),
    ],
    breaks: [
      source("src/core/a.ts", "export async function a() {}\n"),
      source("src/core/index.ts", 'export * from "./a.ts";\n'),
      source("src/job/b.ts", 'import { b } from "../core/index.ts";\n'),
    ],
    says: /src\/core\/a\.ts exports a: used nowhere else/,
  },
  {
    name: "every test is run by a command",
    rule: (given) => rules.strayTests(given, testCommands),
    keeps: [source("src/job/a.ts"), source("src/job/a.test.ts"), source("tests/vm/a.test.ts")],
    breaks: [source("tests/forgotten/a.test.ts")],
    says: /tests\/forgotten\/a\.test\.ts is run by no command/,
  },
  {
    name: "unit tests lie beside what they test",
    rule: (given) => rules.strayTests(given, testCommands),
    keeps: [source("src/job/a.ts"), source("src/job/a.test.ts")],
    breaks: [source("src/job/a.ts"), source("src/job/far/a.test.ts")],
    says: /src\/job\/far\/a\.test\.ts lies beside no source/,
  },
  {
    name: "nothing but tests imports from tests",
    rule: rules.testsInProduction,
    keeps: [source("bench/a.ts", 'import { a } from "../lab/a.ts";\n')],
    breaks: [source("bench/a.ts", 'import { a } from "../tests/support/a.ts";\n')],
    says: /bench\/a\.ts imports tests\/support\/a\.ts: share it in lab/,
  },
  {
    name: "tests make no temporary directories by hand",
    rule: rules.handMadeDirectories,
    keeps: [source("src/job/a.test.ts", "const a = await temporary(t);\n")],
    breaks: [source("src/job/a.test.ts", ["const a = await mkdtemp", "(b);\n"].join(""))],
    says: /makes a temporary directory by hand/,
  },
];

for (const { name, rule, keeps, breaks, says } of RULES) {
  test(`house rule: ${name}`, () => assert.deepEqual(rule(files), []));

  test(`house rule, broken on purpose: ${name}`, () => {
    assert.deepEqual(rule(keeps), []);
    const found = rule(breaks);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", says);
  });
}

test("the project is read whole", () => {
  for (const path of ["src/job/migrate.ts", "bin/main.ts", "lab/cache.ts", "tests/contract/house/rules.ts"])
    assert.ok(
      files.some((file) => file.path === path),
      path,
    );
  const migrate = files.find(({ path }) => path === "src/job/migrate.ts");
  assert.ok(migrate?.imports.some(({ module }) => module === "src/core/index.ts"));
  assert.deepEqual(migrate?.exports, ["migrate"]);
});

test("every room says in its index what it owns", () => {
  const rooms = files.filter(({ path }) => /^src\/[^/]+\/index\.ts$/.test(path));
  assert.deepEqual(new Set(rooms.map(({ path }) => path.split("/")[1])), new Set(Object.keys(rules.LEVELS)));
  for (const { path, text } of rooms)
    assert.match(text, /^\/\/ SPDX-License-Identifier: Apache-2\.0\n\/\/ \w+ /, path);
});
