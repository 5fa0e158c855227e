// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../system/index.ts";
import { temporary } from "../../../tests/support/temporary.ts";
import { COMMANDS } from "./commands/index.ts";
import { renderBashCompletion } from "./completion.ts";

/** What bash offers for the last of these words. */
async function offered(directory: string, ...words: readonly string[]): Promise<readonly string[]> {
  const script = `set -u; shopt -s extglob; . "$1"; cd "$2"; shift 2
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _virt_p2v; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const file = join(directory, ".completion");
  await writeFile(file, renderBashCompletion());
  const { stdout } = await run(["bash", "-c", script, "bash", file, directory, "virt-p2v", ...words]);
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes commands, flags and files", async (t) => {
  const directory = await temporary(t);
  await mkdir(join(directory, "images"));
  await writeFile(join(directory, "server image.img"), "");
  const complete = (...words: readonly string[]): Promise<readonly string[]> => offered(directory, ...words);
  const all = await complete("");
  for (const { name } of COMMANDS) assert.ok(all.includes(name.split(" ")[0] ?? ""), name);
  assert.deepEqual(await complete("mig"), ["migrate"]);
  assert.deepEqual(await complete("iso", "a"), ["attach"]);
  assert.deepEqual(await complete("migrate", "--no-b"), ["--no-boot-check"]);
  assert.deepEqual(await complete("verify", "--no-b"), [], "not a flag of this command");
  assert.deepEqual(await complete("migrate", "--disk", "s"), ["server image.img"]);
  assert.deepEqual(await complete("migrate", "--disk", "=", "im"), ["images"]);
  assert.deepEqual(await complete("migrate", "--name", ""), [], "a name is not a file");
  assert.deepEqual(await complete("iso", "pxe", "serv"), ["server image.img"]);
  assert.deepEqual(await complete("iso", "pxe", "--ht"), ["--http"]);
});

test("every command offers each of its flags", async (t) => {
  const directory = await temporary(t);
  for (const { name, settings } of COMMANDS) {
    const flags = await offered(directory, ...name.split(" "), "--");
    assert.deepEqual(flags.toSorted(), settings.map((setting) => `--${setting}`).toSorted(), name);
  }
});
