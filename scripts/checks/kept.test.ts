// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { test } from "node:test";
import { temporary } from "../../tests/support/temporary.ts";
import type { Source, Sources } from "./imports.ts";
import { type Keys, keysOf, machineKeysOf, surroundings, unchanged, worthKeeping } from "./kept.ts";
import { runTests } from "./run-tests.ts";

const source = (text: string, ...imports: readonly string[]): Source => ({
  hash: text,
  imports,
  startsPrograms: false,
  namesProgram: false,
});
const sources: Sources = new Map([
  ["a.test.ts", source("a", "index.ts")],
  ["index.ts", source("index", "deep.ts")],
  ["deep.ts", source("deep")],
  ["b.test.ts", source("b")],
]);
const FILES = ["a.test.ts", "b.test.ts"];

test("a file far away in the imports changes a key, and no other one", () => {
  const kept = keysOf(FILES, sources, "around");
  assert.deepEqual(unchanged(FILES, keysOf(FILES, sources, "around"), kept), FILES);
  const edited = new Map(sources).set("deep.ts", source("other"));
  assert.deepEqual(unchanged(FILES, keysOf(FILES, edited, "around"), kept), ["b.test.ts"]);
  assert.deepEqual(unchanged(FILES, keysOf(FILES, sources, "elsewhere"), kept), []);
  assert.deepEqual(unchanged(["new.test.ts"], {}, kept), []);
});

test("a test on this machine runs again after a start, and after a change of the program that it starts", () => {
  const programs = new Map(sources)
    .set("bin/main.ts", source("main", "deep.ts"))
    .set("cli.ts", { ...source("cli"), namesProgram: true })
    .set("c.test.ts", source("c", "cli.ts"));
  const files = ["b.test.ts", "c.test.ts"];
  const keys = (of: Sources, boot = "1"): Keys =>
    machineKeysOf(files, of, { around: "", boot, program: ["bin/main.ts"] });
  const kept = keys(programs);
  assert.deepEqual(unchanged(files, keys(programs), kept), files);
  assert.deepEqual(unchanged(files, keys(programs, "2"), kept), []);
  assert.deepEqual(unchanged(files, keys(new Map(programs).set("deep.ts", source("other"))), kept), [
    "b.test.ts",
  ]);
});

test("a golden, its mode, a new file, Node and a setting change all keys; a source does not", async (t) => {
  const root = await temporary(t);
  const golden = join(root, "golden/x/out.txt");
  await mkdir(join(root, "golden/x"), { recursive: true });
  await writeFile(golden, "one");
  const seen: string[] = [];
  const changes = async (change: () => unknown, node?: string): Promise<void> => {
    await change();
    const now = surroundings(sources, { root, ...(node === undefined ? {} : { node }) });
    assert.ok(!seen.includes(now), String(change));
    seen.push(now);
  };
  await changes(() => undefined);
  await changes(() => writeFile(golden, "two"));
  await changes(() => chmod(golden, 0o755));
  await changes(() => writeFile(join(root, "golden/x/more.txt"), ""));
  await changes(() => undefined, "v99.0.0");
  process.env["P2V_A_SETTING"] = "1";
  t.after(() => delete process.env["P2V_A_SETTING"]);
  await changes(() => undefined);
  await writeFile(join(root, "deep.ts"), "a source has its own hash");
  assert.equal(surroundings(sources, { root }), seen.at(-1));
});

test("what failed, was skipped, or saw more than its imports is not kept; nor is who imports that", () => {
  const counts = Object.fromEntries(FILES.map((file) => [file, { passed: 1, failed: 0, skipped: 0 }]));
  const keep = (beyond: readonly string[], more = {}): readonly string[] =>
    worthKeeping(FILES, { beyond, counts: { ...counts, ...more } }, sources);
  assert.deepEqual(keep([]), FILES);
  assert.deepEqual(keep(["deep.ts"]), ["b.test.ts"]);
  assert.deepEqual(keep(["b.test.ts"]), ["a.test.ts"]);
  for (const count of [
    { passed: 1, failed: 1, skipped: 0 },
    { passed: 1, failed: 0, skipped: 1 },
    { passed: 0, failed: 0, skipped: 0 },
  ])
    assert.deepEqual(keep([], { "a.test.ts": count }), ["b.test.ts"]);
});

const SEES = {
  "a source": 'import { readFile } from "node:fs/promises"; const look = () => readFile("bin/main.ts");',
  "a source, by a handle":
    'import { open } from "node:fs/promises"; const look = async () => (await open("bin/main.ts")).close();',
  "a list of sources": 'import { readdirSync } from "node:fs"; const look = () => readdirSync("src");',
  "a pattern of sources": 'import { globSync } from "node:fs"; const look = () => globSync("*.md");',
  "the machine": 'import { readFileSync } from "node:fs"; const look = () => readFileSync("/proc/mounts");',
  "the program":
    'import { spawnSync } from "node:child_process"; const look = () => spawnSync("bin/virt-p2v", ["--version"]);',
  "a source, by a program":
    'import { spawnSync } from "node:child_process"; const look = () => spawnSync("cat", ["bin/main.ts"]);',
  "a thread":
    'import { Worker } from "node:worker_threads"; const look = () => new Worker("", { eval: true }).terminate();',
};
const SEES_NOTHING = {
  "a golden": 'import { readFileSync } from "node:fs"; const look = () => readFileSync("README.md");',
  "an installed program":
    'import { spawnSync } from "node:child_process"; const look = () => spawnSync("true");',
  nothing: "const look = () => undefined;",
};

test("it is noted which test file looks at more, while it is loaded or long after", async (t) => {
  const directory = await temporary(t);
  const files = await Promise.all(
    Object.entries({ ...SEES, ...SEES_NOTHING }).flatMap(([name, look]) =>
      [
        `${look} await look(); test("x", () => undefined);`,
        `${look} test("x", async () => { await new Promise((resolve) => setImmediate(resolve)); await look(); });`,
      ].map(async (text, index) => {
        const path = join(directory, `${name} ${index === 0 ? "loading" : "testing"}.test.ts`);
        await writeFile(path, `import { test } from "node:test"; ${text}`);
        return relative(".", path);
      }),
    ),
  );
  const { ok, result } = await runTests({ name: "sees", how: "one-process", files, show: "when-failed" });
  assert.ok(ok);
  const noted = files.filter((file) => result?.beyond.includes(file));
  assert.deepEqual(
    noted,
    files.filter((file) => Object.keys(SEES).some((name) => file.includes(`/${name} `))),
  );
});
