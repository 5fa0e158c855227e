// SPDX-License-Identifier: Apache-2.0
// The linter: rules that need no types on all files, always; rules that need types where a file, or anything that it
// imports, differs from what last passed. Types of a file follow from these alone, and from what the settings pin.
import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { CACHE } from "./cache.ts";
import { closureHash, readSources } from "./imports.ts";

const SETTINGS = [".oxlintrc.json", "tsconfig.json", "package-lock.json"];
const PASSED_FILE = `${CACHE}/lint-passed.json`;

type Passed = { readonly settings: string; readonly files: Readonly<Record<string, string>> };

const sources = await readSources();
const settings = hash("sha256", SETTINGS.map((path) => readFileSync(path, "utf8")).join("\0"));
const now = Object.fromEntries([...sources.keys()].map((path) => [path, closureHash(path, sources)]));
const before = readPassed();
const differing = Object.keys(now).filter((path) => before[path] !== now[path]);

const all = oxlint([]);
const typed = differing.length === 0 || oxlint(["--type-aware", ...differing]);
if (all && typed) {
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(PASSED_FILE, `${JSON.stringify({ settings, files: now } satisfies Passed)}\n`);
}
process.exitCode = all && typed ? 0 : 1;

function readPassed(): Passed["files"] {
  if (!existsSync(PASSED_FILE)) return {};
  const passed = JSON.parse(readFileSync(PASSED_FILE, "utf8")) as Passed;
  return passed.settings === settings ? passed.files : {};
}

function oxlint(args: readonly string[]): boolean {
  // It lives for seconds: collecting garbage costs it a fifth of its time, and one thread less than two that share.
  const env = { ...process.env, GOGC: "off", GOMEMLIMIT: "2GiB", GOMAXPROCS: "1" };
  const { status } = spawnSync("node_modules/.bin/oxlint", ["--threads=1", ...args], {
    stdio: "inherit",
    env,
  });
  return status === 0;
}
