// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { type MemoryFile, memoryView } from "../../system/index.ts";
import { openBlobs } from "../apply/blobs.ts";
import { readDifference } from "./harvest.ts";
import { temporary } from "../../../tests/support/temporary.ts";

async function differenceOf(
  t: TestContext,
  before: Readonly<Record<string, MemoryFile>>,
  fill: (upper: string) => Promise<void>,
): Promise<readonly string[]> {
  const directory = await temporary(t);
  const upper = join(directory, "upper");
  await mkdir(upper);
  await fill(upper);
  const changes = await readDifference([{ at: "/", upper }], {
    base: memoryView(before),
    blobs: await openBlobs(join(directory, "blobs")),
    ignores: (path) => path.startsWith("/tmp"),
    signal: t.signal,
  });
  return changes.map(({ path, before: old, after }) => `${path}: ${old.kind} to ${after.kind}`);
}

test("readDifference() tells of new, changed and linked files, parents first; what stayed the same is not a change", async (t) => {
  const before = { "/etc/same": { content: "same", mode: 0o644 }, "/etc/other": "old" };
  const found = await differenceOf(t, before, async (upper) => {
    for (const path of ["etc", "tmp", "lib/modules"]) await mkdir(join(upper, path), { recursive: true });
    await writeFile(join(upper, "etc/same"), "same");
    await chmod(join(upper, "etc/same"), 0o644);
    await writeFile(join(upper, "etc/other"), "new");
    await writeFile(join(upper, "tmp/scratch"), "x");
    await writeFile(join(upper, "lib/modules/a"), "x");
    await symlink("/etc/shadow", join(upper, "lib/modules/b"));
  });
  const same = process.getuid?.() === 0 ? [] : ["/etc/same: bytes to bytes"]; // the memory view's files are root's
  assert.deepEqual(found, [
    "/etc/other: bytes to bytes",
    ...same,
    "/lib: absent to directory",
    "/lib/modules: absent to directory",
    "/lib/modules/a: absent to bytes",
    "/lib/modules/b: absent to link",
  ]);
});

test("readDifference() refuses a directory in a file's place, and a file in a directory's", async (t) => {
  const directory = (upper: string): Promise<void> => mkdir(join(upper, "a"));
  await assert.rejects(differenceOf(t, { "/a": "file" }, directory), /\/a would become a directory/);
  const file = (upper: string): Promise<void> => writeFile(join(upper, "a"), "x");
  await assert.rejects(differenceOf(t, { "/a/b": "file" }, file), /The directory \/a would become a file/);
});
