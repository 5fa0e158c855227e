// SPDX-License-Identifier: Apache-2.0
// A run's directory tells whether its process lives; the mount table is read as the kernel writes it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../core/index.ts";
import { isBelow, parseMountTable } from "./devices/mount-table.ts";
import { makeRunDirectory, ownerLives } from "./run-directory.ts";
import { temporary } from "../../tests/support/temporary.ts";

test("a place that is missing, full or not a directory is named, with what to do", async (t) => {
  const directory = await temporary(t);
  await writeFile(join(directory, "file"), "");
  for (const parent of [join(directory, "none"), join(directory, "file"), "/proc"])
    await assert.rejects(
      makeRunDirectory("unit", { parent }),
      (error) =>
        error instanceof UserError && error.code === "temporary-wrong" && error.message.includes(parent),
    );
});

test("a directory of this process lives, is private, and goes with its scope", async () => {
  let path: string;
  {
    await using directory = await makeRunDirectory("unit");
    path = directory.path;
    assert.match(path, /\/p2v-unit-\w{6}$/);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    assert.equal(await ownerLives(path), true);
    const owner = JSON.parse(await readFile(join(path, "owner"), "utf8")) as Record<string, unknown>;
    // The same pid, but another process: pids come back.
    await writeFile(join(path, "owner"), JSON.stringify({ ...owner, started: "1" }));
    assert.equal(await ownerLives(path), false);
    await writeFile(join(path, "owner"), JSON.stringify({ ...owner, boot: "another" }));
    assert.equal(await ownerLives(path), false);
    await writeFile(join(path, "owner"), JSON.stringify({ ...owner, pidns: "another" }));
    assert.equal(await ownerLives(path), true);
    await writeFile(join(path, "owner"), "nonsense");
    assert.equal(await ownerLives(path), null);
    await rm(join(path, "owner"));
    assert.equal(await ownerLives(path), null);
  }
  await assert.rejects(stat(path), { code: "ENOENT" });
});

test("a directory of a process that has ended is dead", async () => {
  const module = JSON.stringify(new URL("./run-directory.ts", import.meta.url).href);
  const script = `console.log((await (await import(${module})).makeRunDirectory("unit")).path)`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  assert.equal(await ownerLives(stdout.trim()), false);
  await rm(stdout.trim(), { recursive: true });
});

test("parseMountTable() reads escapes, optional fields and none", () => {
  const text = [
    "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue",
    "37 35 0:5 / /tmp/\\303\\244 rw - fuse /dev/fuse rw",
    "half a line",
    "",
  ].join("\n");
  assert.deepEqual(parseMountTable(text), [
    { path: "/mnt 2", type: "ext3", source: "/dev/root" },
    { path: "/tmp/ä", type: "fuse", source: "/dev/fuse" },
  ]);
  assert.equal(isBelow("/tmp/p2v-a/x", "/tmp/p2v-a"), true);
  assert.equal(isBelow("/tmp/p2v-ab", "/tmp/p2v-a"), false);
});
