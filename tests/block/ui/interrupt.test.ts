// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM before the program is there: a word, exit code 130, and nothing left.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { waitFor } from "../../../lab/processes.ts";
import { run } from "../../../src/system/index.ts";
import { temporary } from "../../support/temporary.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** In place of the program: one that never comes to be loaded. */
const LOADING = `process.stderr.write("LOADING\\n");
await new Promise(() => setInterval(() => undefined, 1000));
`;

function follow(child: ChildProcess): { said: () => string; ended: Promise<number | null> } {
  let text = "";
  child.stderr?.on("data", (part: Buffer) => (text += part.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return { said: () => text, ended };
}

for (const signal of SIGNALS)
  test(`${signal} while the program is loaded`, async (t) => {
    const root = await temporary(t);
    await mkdir(join(root, "bin"));
    for (const name of ["virt-p2v", "main.ts", "interrupt.ts"])
      await copyFile(join("bin", name), join(root, "bin", name));
    await writeFile(join(root, "bin/program.ts"), LOADING);
    await symlink(process.execPath, join(root, "node"));
    const child = spawn(join(root, "bin/virt-p2v"), ["doctor"], { stdio: ["ignore", "ignore", "pipe"] });
    const { said, ended } = follow(child);
    await waitFor("the program", () => said().includes("LOADING"));
    child.kill(signal);
    assert.equal(await ended, 130, said());
    assert.match(said(), /^Interrupted: nothing was begun$/m);
  });

test("a signal while the shell looks for Node", async (t) => {
  const root = await temporary(t);
  for (const name of ["bin", "path"]) await mkdir(join(root, name));
  await copyFile("bin/virt-p2v", join(root, "bin/virt-p2v"));
  const [looked, go] = [join(root, "looked"), join(root, "go")];
  await run(["mkfifo", go]);
  await writeFile(
    join(root, "path/node"),
    `#!/bin/sh\necho > '${looked}'\nread -r _ < '${go}'\necho v24.0.0\n`,
    {
      mode: 0o755,
    },
  );
  const child = spawn(join(root, "bin/virt-p2v"), ["doctor"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PATH: `${join(root, "path")}:${process.env["PATH"]}` },
  });
  const { said, ended } = follow(child);
  const isThere = (): Promise<boolean> =>
    readFile(looked).then(
      () => true,
      () => false,
    );
  await waitFor("the shell", isThere);
  child.kill("SIGTERM");
  await writeFile(go, "\n");
  assert.equal(await ended, 130, said());
  assert.match(said(), /^Interrupted: nothing was begun$/m);
});
