// SPDX-License-Identifier: Apache-2.0
// The manual is made from the tables, names all that they have, and is what mandoc(1) accepts.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { problemEntries } from "../../core/index.ts";
import { VERSION } from "../version.ts";
import { renderCodesPage, renderManPage } from "./index.ts";

const PAGES = [
  ["doc/man/virt-p2v.1", renderManPage(VERSION)],
  ["doc/man/virt-p2v-codes.7", renderCodesPage(VERSION)],
] as const;

test("the manual is as new as the tables (npm run man)", async () => {
  for (const [path, text] of PAGES) assert.equal(await readFile(path, "utf8"), text, path);
});

test("mandoc accepts the manual, and shows it", () => {
  for (const [path] of PAGES) {
    const lint = spawnSync("mandoc", ["-T", "lint", "-W", "error", path], { encoding: "utf8" });
    assert.deepEqual([lint.status, lint.stdout], [0, ""], path);
  }
});

test("the page of codes has each code once, with what it means", () => {
  const shown = spawnSync("mandoc", ["-T", "utf8", "-O", "width=500", "doc/man/virt-p2v-codes.7"], {
    encoding: "utf8",
    // Bold is a letter, a backspace and the letter again.
    // oxlint-disable-next-line no-control-regex
  }).stdout.replaceAll(/.\u0008/g, "");
  for (const [code, { means }] of problemEntries()) {
    const [line, ...more] = shown.split("\n").filter((text) => text.trim().split(/\s/)[0] === code);
    assert.ok(line !== undefined && more.length === 0, code);
    assert.ok(shown.includes(means), code);
  }
});
