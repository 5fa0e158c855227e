// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../system/index.ts";
import { temporary } from "../../../tests/support/temporary.ts";
import { readTar, type TarEntry } from "./tar.ts";
import { writeTar } from "./write-tar.ts";

const LONG = `/${"directory/".repeat(30)}file`;
const ENTRIES: readonly TarEntry[] = [
  { kind: "directory", path: "/etc" },
  { kind: "file", path: "/etc/fstab", bytes: Buffer.from("x".repeat(700)) },
  { kind: "file", path: "/etc/empty", bytes: Buffer.alloc(0) },
  { kind: "link", path: "/etc/link", target: "../etc/fstab" },
  { kind: "link", path: "/etc/far", target: LONG },
  { kind: "file", path: LONG, bytes: Buffer.alloc(512, 1) },
  { kind: "file", path: `/${"n".repeat(98)}`, bytes: Buffer.from("just fits") },
];

test("writeTar() makes what readTar() reads", () => {
  const limits = { entries: 100, fileBytes: 10_000, pathChars: 1024 };
  assert.deepEqual(readTar(writeTar(ENTRIES, { date: new Date(0) }), limits), ENTRIES);
});

test("tar(1) lists and unpacks what writeTar() makes, for the owner only", async (t) => {
  const directory = await temporary(t);
  const path = join(directory, "x.tar");
  await writeFile(path, writeTar(ENTRIES, { date: new Date("2026-11-24T01:02:03Z") }));
  const { stdout } = await run(["tar", "-tvf", path]);
  assert.match(stdout, /^drwx------ 0\/0 +0 2026-11-24 01:02 \.\/etc\/\n/);
  assert.match(stdout, /^-rw------- 0\/0 +700 2026-11-24 01:02 \.\/etc\/fstab\n/m);
  assert.match(stdout, /\.\/etc\/link -> \.\.\/etc\/fstab\n/);
  assert.ok(stdout.includes(`.${LONG}\n`) && stdout.includes(`./etc/far -> ${LONG}\n`));
  await run(["tar", "-xf", path, "-C", directory]);
  assert.equal((await run(["cat", join(directory, "etc/link")])).stdout, "x".repeat(700));
});
