// SPDX-License-Identifier: Apache-2.0
// What hosts answered, and what was read from it. The Debian answers are recorded, the others written after the
// manuals of their tools. P2V_UPDATE_GOLDEN=1 writes the readings anew.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { parseHostFacts } from "../../src/hosts/index.ts";

const directory = new URL("hosts/", import.meta.url);

for (const name of readdirSync(directory).filter((file) => file.endsWith(".txt"))) {
  test(`${name} is read as reviewed`, async () => {
    const text = await readFile(new URL(name, directory), "utf8");
    const facts = parseHostFacts(text, {
      mark: "p2v-mark",
      title: "root@host",
      asked: { fromMs: 0, toMs: 0 },
    });
    const golden = new URL(name.replace(/\.txt$/, ".json"), directory);
    const json = `${JSON.stringify(facts, null, 2)}\n`;
    if (process.env["P2V_UPDATE_GOLDEN"] === "1") await writeFile(golden, json);
    assert.equal(json, await readFile(golden, "utf8"));
  });
}
