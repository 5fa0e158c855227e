// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmod, mkdir, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporary } from "../../tests/support/temporary.ts";
import { openJobDirectory } from "./job-directory.ts";

const name = `virt-p2v-remote-${process.getuid?.()}`;

test("openJobDirectory() takes the first parent that is there, and only what nobody else can have made", async (t) => {
  const parent = await temporary(t);
  const [first, second] = [join(parent, "first"), join(parent, "second")];
  for (const path of [first, second]) await mkdir(path);
  const open = (): Promise<string> => openJobDirectory([join(parent, "none"), first, second]);

  assert.equal(await open(), join(first, name));
  assert.equal((await stat(join(first, name))).mode & 0o777, 0o700);
  assert.equal(await open(), join(first, name), "and again");

  await chmod(first, 0o777); // others could put theirs in its place
  assert.equal(await open(), join(second, name));
  await chmod(first, 0o1777);
  assert.equal(await open(), join(first, name));

  await chmod(join(first, name), 0o755);
  await rm(join(second, name), { recursive: true });
  await symlink(parent, join(second, name));
  await assert.rejects(openJobDirectory([second]), { code: "remote-no-place" });
});
