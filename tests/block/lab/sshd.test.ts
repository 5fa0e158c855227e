// SPDX-License-Identifier: Apache-2.0
// The test server is a real one: commands run, and a wrong or unknown host key is refused by ssh itself.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { RunError, run } from "../../../src/system/index.ts";
import { descendants, waitFor } from "../../../lab/processes.ts";
import { type SshdOptions, startSshd } from "../../../lab/sshd.ts";

const BATCH = ["-o", "BatchMode=yes"];

test("startSshd() lets ssh in with the config it wrote, and is gone at the end", async () => {
  let directory = "";
  {
    await using sshd = await startSshd();
    directory = sshd.directory;
    await run(["ssh", "-F", sshd.sshConfigPath, ...BATCH, sshd.hostAlias, "true"]);
    const answer = await run([
      "ssh",
      "-F",
      sshd.sshConfigPath,
      ...BATCH,
      "127.0.0.1",
      "echo it is $((6 * 7))",
    ]);
    assert.equal(answer.stdout, "it is 42\n");
    assert.match(sshd.fingerprint, /^SHA256:\S{43}$/);
    assert.match(sshd.log(), /Accepted publickey/);
  }
  assert.equal(existsSync(directory), false);
  assert.deepEqual(await descendants(process.pid), []);
});

const refused: readonly [NonNullable<SshdOptions["knownHost"]>, RegExp][] = [
  ["wrong", /REMOTE HOST IDENTIFICATION HAS CHANGED/],
  ["absent", /Host key verification failed/],
];
for (const [knownHost, words] of refused) {
  test(`ssh refuses the server when its host key is ${knownHost} in known_hosts`, async () => {
    await using sshd = await startSshd({ knownHost });
    await assert.rejects(
      run(["ssh", "-F", sshd.sshConfigPath, ...BATCH, sshd.hostAlias, "true"]),
      (error) => error instanceof RunError && error.code === 255 && words.test(error.stderr),
    );
  });
}

test("a session still running when the server is disposed ends with it", async () => {
  const sshd = await startSshd();
  const long = `sleep ${600 + process.pid / 1e7}`; // nobody else's
  const session = run(["ssh", "-F", sshd.sshConfigPath, ...BATCH, sshd.hostAlias, `exec ${long}`], {
    timeoutMs: 300_000,
  });
  const ended = assert.rejects(session, RunError);
  await waitFor("the session", async () => {
    const { stdout } = await run(["pgrep", "--full", "--exact", long], { allowCodes: [1] });
    return stdout !== "";
  });
  await sshd[Symbol.asyncDispose]();
  await ended;
  assert.deepEqual(await descendants(process.pid), []);
});
