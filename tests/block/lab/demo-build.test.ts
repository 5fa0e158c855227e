// SPDX-License-Identifier: Apache-2.0
// A build of the demo machine that fails, or was killed, leaves nothing attached to the machine it runs on.
import assert from "node:assert/strict";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { RunError, run } from "../../../src/system/index.ts";
import { buildDemoDisk } from "../../../lab/demo/build.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { temporary } from "../../support/temporary.ts";

/** A tar without a single program: the build fails in the chroot, when everything is attached. */
async function emptySystem(t: TestContext): Promise<{ directory: string; systemTar: string }> {
  const directory = await temporary(t);
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = directory; // its mount points come here, where no other build's are
  t.after(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  const tree = join(directory, "tree");
  for (const name of ["dev", "proc", "sys"]) await mkdir(join(tree, name), { recursive: true });
  const systemTar = join(directory, "system.tar");
  await run(["tar", "-C", tree, "-cf", systemTar, "."]);
  return { directory, systemTar };
}

/** Loop devices over files in the directory, and mounts below it. */
async function attached(directory: string): Promise<readonly string[]> {
  const { stdout } = await run(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"]);
  const lines = [...stdout.split("\n"), ...(await readFile("/proc/self/mounts", "utf8")).split("\n")];
  return lines.filter((line) => line.includes(` ${directory}/`));
}

test("a build that fails leaves no mount, no loop device and no directory", async (t) => {
  const { directory, systemTar } = await emptySystem(t);
  await assert.rejects(
    buildDemoDisk(join(directory, "disk"), { systemTar, signal: AbortSignal.timeout(60_000) }),
    (error) => error instanceof RunError && /chpasswd/.test(error.message),
  );
  assert.deepEqual(await attached(directory), []);
  assert.deepEqual((await readdir(directory)).toSorted(), ["disk", "system.tar", "tree"]);
});

test("what a killed builder left attached is freed by the next one", async (t) => {
  const { directory, systemTar } = await emptySystem(t);
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 8, fs: "ext4" }] });
  const target = join(directory, "mounted");
  await mkdir(target);
  const loop = (await run(["losetup", "--find", "--show", disk.path])).stdout.trim();
  await run(["partx", "--add", loop]);
  await run(["mount", `${loop}p1`, target]);
  await mkdir(join(target, "sub"));
  await run(["mount", "--bind", "/proc", join(target, "sub")]);
  assert.equal((await attached(directory)).length, 3, "one loop device, two mounts");
  // It frees them, and then stops: an image is there already.
  await assert.rejects(
    buildDemoDisk(disk.path, { systemTar, signal: AbortSignal.timeout(60_000) }),
    /EEXIST/,
  );
  assert.deepEqual(await attached(directory), []);
  await assert.rejects(readdir(target), /ENOENT/);
});
