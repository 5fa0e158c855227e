// SPDX-License-Identifier: Apache-2.0
// The copying process is killed, the source's own system runs in between, and the same command goes on over a real sshd.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { mount, run } from "../../src/system/index.ts";
import { MIB } from "../support/copies.ts";
import { temporary } from "../support/temporary.ts";
import { noise } from "../support/disks/filesystems.ts";
import { startSshd } from "../../lab/sshd.ts";

const PROGRAM = join(import.meta.dirname, "../support/copy-child.ts");

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Lines of its output, until `enough` says so. */
async function readUntil(child: ChildProcess, enough: (line: string) => boolean): Promise<string> {
  assert.ok(child.stdout !== null);
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (enough(line)) break;
  }
  return last;
}

test("a killed copy is gone on with after the source's own system ran; the result is the new source", {
  timeout: 120_000,
}, async (t) => {
  const top = await temporary(t);
  const [image, directory, tree] = [join(top, "disk"), join(top, "vm"), join(top, "tree")];
  await mkdir(directory);
  await mkdir(tree);
  for (let i = 0; i < 12; i += 1) await writeFile(join(tree, `file-${i}`), noise(`file ${i}`, 4 * MIB));
  await writeFile(image, "");
  await truncate(image, 128 * MIB);
  await run(["mkfs.ext4", "-q", "-d", tree, image]);
  await using sshd = await startSshd({ signal: t.signal });
  const args = [image, directory, sshd.sshConfigPath, sshd.hostAlias];

  const first = start([...args, `${16 * MIB}`]);
  const ended = once(first, "close");
  const done = Number(await readUntil(first, (line) => Number(line) >= 24 * MIB));
  first.kill("SIGKILL");
  await ended;
  assert.ok(done >= 24 * MIB, "it was killed in the middle");

  {
    await using own = await mount(image, join(top, "own"), { type: "ext4", options: ["loop"] });
    await writeFile(join(own.path, "file-0"), "it ran"); // frees what was durable
    await writeFile(join(own.path, "file-new"), noise("new", 3 * MIB));
    await rm(join(own.path, "file-3"));
  }

  const second = start([...args, `${1000 * MIB}`]);
  const result = JSON.parse(await readUntil(second, (line) => line.startsWith("{")));
  assert.ok(result.cellsKept >= 16, `${result.cellsKept} cells were not sent again`);
  const copied = join(directory, "web-1.img.partial");
  await run(["e2fsck", "-fn", copied]);
  await using source = await mount(image, join(top, "source"), { type: "ext4", options: ["loop", "ro"] });
  await using there = await mount(copied, join(top, "there"), { type: "ext4", options: ["loop", "ro"] });
  await run(["diff", "-r", source.path, there.path]);
  assert.equal(await readFile(join(there.path, "file-0"), "utf8"), "it ran");
});
