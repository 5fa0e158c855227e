// SPDX-License-Identifier: Apache-2.0
// host clean over a real sshd: what was brought goes, and nothing else.
import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { cleanHost, sshHost } from "../../src/hosts/index.ts";
import { startSshd } from "../../lab/sshd.ts";

test("cleanHost() removes agents and their Node, twice without harm", { timeout: 120_000 }, async (t) => {
  const cache = "cache here";
  await using sshd = await startSshd({ signal: t.signal });
  const top = join(sshd.directory, cache, "virt-p2v");
  await using own = await startSshd({
    signal: t.signal,
    serverLines: [`SetEnv XDG_CACHE_HOME="${join(sshd.directory, cache)}"`],
  });
  const options = {
    destination: { kind: "ssh", user: null, host: own.hostAlias, port: null, path: "/x" },
    sshConfig: own.sshConfigPath,
    signal: t.signal,
  } as const;
  assert.deepEqual((await cleanHost(options)).directory, null);
  const directory = join(sshd.directory, "vm");
  await mkdir(directory);
  {
    await using host = await sshHost(options);
    await (await host.connectAgent({ directory, signal: t.signal }))[Symbol.asyncDispose]();
  }
  assert.equal((await readdir(top)).length, 2);
  await writeFile(join(top, "notes.txt"), "mine");
  await writeFile(join(top, ".upload-0123"), "half");
  const { removed, directory: where } = await cleanHost(options);
  assert.equal(where, top);
  assert.deepEqual(
    removed.map(({ file }) => file.replace(/[0-9a-f]{64}/, "SHA")),
    ["node-SHA", "agent-SHA.mjs", ".upload-0123"],
  );
  assert.ok((removed[0]?.sizeBytes ?? 0) > 2 ** 20);
  assert.deepEqual(await readdir(top), ["notes.txt"]);
  assert.deepEqual((await cleanHost(options)).removed, []);
});
