// SPDX-License-Identifier: Apache-2.0
// Logins of servers as people have them: shells of other kinds, noise, no home, another user; and a server of another machine.
import assert from "node:assert/strict";
import { chmod, chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { remoteServer, startRemote } from "../../support/remote.ts";
import { temporary } from "../../support/temporary.ts";

const NOBODY = 65534;
const GO_ON = 'exec sh -c "$SSH_ORIGINAL_COMMAND"';

for (const [what, login] of [
  ["talks", `echo Welcome; echo "system AIX"; echo "not now: x" >&2; ${GO_ON}`],
  ["has no HOME", `unset HOME; ${GO_ON}`],
  ["has a HOME that is not there", `export HOME=/nowhere; ${GO_ON}`],
  ["is fish", 'exec fish -c "$SSH_ORIGINAL_COMMAND"'],
  ["is tcsh", 'exec tcsh -c "$SSH_ORIGINAL_COMMAND"'],
  ["is busybox", 'exec busybox ash -c "$SSH_ORIGINAL_COMMAND"'],
] as const)
  test(`remote runs a command where the login ${what}`, async (t) => {
    const server = await remoteServer(t, { serverLines: [`ForceCommand ${login}`] });
    await using job = startRemote(server, ["doctor"]);
    assert.equal(await job.code, 7, job.stderr());
    assert.equal(job.stdout(), "to stdout\n");
  });

test("remote runs a command as another user than root", async (t) => {
  const home = await temporary(t, { parent: "/var/tmp" });
  await chmod(home, 0o755);
  for (const name of ["cache", "jobs"]) {
    await mkdir(join(home, name));
    await chown(join(home, name), NOBODY, NOBODY);
  }
  // A clone may lie where only root gets to, such as /root.
  const caps = "--inh-caps=+dac_read_search --ambient-caps=+dac_read_search";
  const user = `setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups ${caps}`;
  const env = `env HOME=${home} XDG_CACHE_HOME=${home}/cache P2V_JOBS=${home}/jobs`;
  const server = await remoteServer(t, {
    serverLines: [`ForceCommand exec ${user} ${env} sh -c "$SSH_ORIGINAL_COMMAND"`],
  });
  await using job = startRemote(server, ["doctor"]);
  assert.equal(await job.code, 7, job.stderr());
});

test("remote says that a server is of another machine, and that no agent came along", async (t) => {
  const programs = await temporary(t);
  await writeFile(join(programs, "uname"), "#!/bin/sh\necho Linux i686\n", { mode: 0o755 });
  const old = await remoteServer(t, { serverLines: [`ForceCommand PATH=${programs}:$PATH ${GO_ON}`] });
  await using refused = startRemote(old, ["doctor"]);
  assert.equal(await refused.code, 4);
  assert.match(refused.stderr(), /is Linux i686; the portable file is for Linux on x86_64[^]*live CD/);

  const without = await remoteServer(t, { serverLines: ["AllowAgentForwarding no"] });
  await using job = startRemote(without, ["check", "ssh://root@host/srv"]);
  assert.equal(await job.code, 0, job.stderr());
  assert.match(job.stderr(), /No ssh agent came along/);
});
