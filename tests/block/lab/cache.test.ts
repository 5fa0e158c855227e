// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { cacheDirectory, cached } from "../../../lab/cache.ts";
import { temporary } from "../../support/temporary.ts";

async function emptyCache(t: TestContext): Promise<string> {
  const before = process.env["P2V_CACHE"];
  const directory = await temporary(t);
  process.env["P2V_CACHE"] = directory;
  t.after(async () => {
    if (before === undefined) delete process.env["P2V_CACHE"];
    else process.env["P2V_CACHE"] = before;
  });
  return directory;
}

async function halfBuild(path: string): Promise<void> {
  await writeFile(path, "half");
  throw new Error("no luck");
}

const quiet = { signal: AbortSignal.timeout(600_000), onProgress: () => undefined };

test("cacheDirectory() follows P2V_CACHE, then XDG_CACHE_HOME", () => {
  assert.equal(cacheDirectory({ P2V_CACHE: "/a", XDG_CACHE_HOME: "/b" }), "/a");
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/b" }), "/b/virt-p2v");
  assert.match(cacheDirectory({}), /\/\.cache\/virt-p2v$/);
});

test("cached() builds once for four askers at a time, and again for another recipe", async (t) => {
  await emptyCache(t);
  let builds = 0;
  const ask = (recipe: string): Promise<string> =>
    cached({
      ...quiet,
      name: "thing",
      recipe,
      async build(path) {
        builds += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
        await writeFile(path, recipe, { flag: "wx" });
      },
    });
  const paths = await Promise.all([ask("a"), ask("a"), ask("a"), ask("a")]);
  assert.equal(builds, 1);
  assert.equal(new Set(paths).size, 1);
  assert.match(paths[0] ?? "", /\/thing-[0-9a-f]{12}$/);
  assert.equal(await readFile(await ask("b"), "utf8"), "b");
  assert.equal(builds, 2);
});

test("cached() leaves nothing when a build fails, and then builds again", async (t) => {
  const directory = await emptyCache(t);
  const request = { ...quiet, name: "thing", recipe: "a" };
  await assert.rejects(cached({ ...request, build: halfBuild }), /no luck/);
  assert.deepEqual(
    (await readdir(directory)).filter((name) => !name.endsWith(".lock")),
    [],
  );
  const path = await cached({ ...request, build: (aside) => writeFile(aside, "whole") });
  assert.equal(await readFile(path, "utf8"), "whole");
});
