// SPDX-License-Identifier: Apache-2.0
// What is sent to a host as the agent: the rules of receiving and the system calls for them, and nothing that a host has no
// business with.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");
const WANTED =
  /^(?:bin\/agent\.ts|src\/(?:core|system|wire)\/|src\/receiver\/(?!shell\/)|node_modules\/zod\/)/;

test("the agent is its own rooms and zod, in one file", async () => {
  const { metafile } = await build({
    entryPoints: [join(ROOT, "bin/agent.ts")],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    logLevel: "silent",
  });
  const inputs = Object.keys(metafile.inputs);
  assert.deepEqual(
    inputs.filter((path) => !WANTED.test(path)),
    [],
  );
  assert.ok(inputs.includes("src/receiver/agent/store.ts"));
});
