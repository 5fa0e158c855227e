// SPDX-License-Identifier: Apache-2.0
// A host that takes a password only, over a real sshd.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Destination, UserError } from "../../../src/core/index.ts";
import { scanHostKeys, sshHost, writeAskpass, writePinnedSshConfig } from "../../../src/hosts/index.ts";
import { startSshd } from "../../../lab/sshd.ts";
import { temporary } from "../../support/temporary.ts";

const PASSWORD = `it's "$(id)" 10%\\`;

test("a password is given to ssh by a program, never by its arguments; a wrong one is said", async (t) => {
  const { signal } = t;
  await using sshd = await startSshd({ signal, password: PASSWORD });
  const directory = await temporary(t);
  const destination: Destination & { kind: "ssh" } = {
    kind: "ssh",
    user: sshd.user,
    host: "127.0.0.1",
    port: sshd.port,
    path: "/tmp",
  };
  const keys = await scanHostKeys(destination, { signal });
  assert.deepEqual(
    keys.map(({ type, fingerprint }) => [type, fingerprint]),
    [["ED25519", sshd.fingerprint]],
  );
  const { fingerprint } = sshd;
  const pinned = { destination, identity: null, fingerprint, directory, signal };
  const sshConfig = await writePinnedSshConfig(pinned);
  const connect = async (password: string) => {
    const askpass = await writeAskpass(directory, password);
    return await sshHost({ destination, sshConfig, askpass, signal });
  };
  await assert.rejects(
    connect("wrong"),
    (error) => error instanceof UserError && error.code === "host-login-refused",
  );
  await using host = await connect(PASSWORD);
  const shown = await host.run(
    ["sh", "-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'"],
    {
      timeoutMs: 60_000,
      signal,
    },
  );
  assert.match(shown.stdout, /SSH_ASKPASS=/);
  assert.ok(!shown.stdout.includes(PASSWORD));
  assert.match(await readFile(join(directory, "password"), "utf8"), /^it's/);
});
