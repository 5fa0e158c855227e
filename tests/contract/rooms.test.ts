// SPDX-License-Identifier: Apache-2.0
// The import order of the rooms (doc/ARCHITECTURE.md) is a rule that a machine keeps.
import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

/** A room may import rooms of lower levels only; rooms of one level do not know each other. */
const LEVELS: Readonly<Record<string, number>> = {
  core: 0,
  system: 1,
  wire: 1,
  proof: 2,
  receiver: 2,
  inspect: 3,
  plan: 3,
  overlay: 3,
  convert: 3,
  copy: 3,
  vm: 3,
  hosts: 3,
  network: 3,
  report: 3,
  job: 4,
  iso: 4,
  ui: 5,
};

const IMPORT = /^(?:import|export)\b[^"']*?from\s+["'](\.[^"']+)["']|^import\s+["'](\.[^"']+)["']/gm;

test("rooms import lower rooms only, and by their index", async () => {
  const wrong: string[] = [];
  for await (const file of glob("src/**/*.ts")) {
    const room = file.split("/")[1] ?? "";
    const level = LEVELS[room];
    assert.notEqual(level, undefined, `${file} lies in a room that is not on the map`);
    for (const match of (await readFile(file, "utf8")).matchAll(IMPORT)) {
      const target = relative(".", join(dirname(file), match[1] ?? match[2] ?? ""));
      const other = target.split("/")[1] ?? "";
      if (!target.startsWith("src/") || other === room) continue;
      const isTest = file.endsWith(".test.ts");
      if ((LEVELS[other] ?? 99) >= (level ?? 0)) wrong.push(`${file} imports ${target}: not a lower room`);
      if (!isTest && !target.endsWith("/index.ts"))
        wrong.push(`${file} imports ${target}: not the room's index`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("every room says in its index what it owns", async () => {
  for await (const file of glob("src/*/index.ts")) {
    const head = (await readFile(file, "utf8")).split("\n").slice(0, 2).join("\n");
    assert.match(head, /^\/\/ SPDX-License-Identifier: Apache-2\.0\n\/\/ \w+ /, file);
  }
});
