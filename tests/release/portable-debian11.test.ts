// SPDX-License-Identifier: Apache-2.0
// The portable file in Debian 11, whose libraries and ssh are too old for us.
import assert from "node:assert/strict";
import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startSshd } from "../../lab/sshd.ts";
import { readInterpreter } from "../../src/hosts/index.ts";
import { cli } from "../support/cli.ts";
import { bringPortable, PORTABLE } from "../support/release/artifacts.ts";
import { debianRoot } from "../support/release/roots.ts";
import { migrateSmallDisk } from "../support/release/small-migration.ts";
import { temporary } from "../support/temporary.ts";

test("in a Debian 11, to a directory, and by its own ssh to a host that gets its Node", async (t) => {
  const root = await debianRoot(t, "bullseye");
  await bringPortable(t, root);
  await migrateSmallDisk(root, PORTABLE);

  const there = await temporary(t, { parent: "/var/tmp" });
  await using sshd = await startSshd({
    signal: t.signal,
    serverLines: [`SetEnv XDG_CACHE_HOME=${there}/cache`],
  });
  await cp(sshd.directory, join(root.path, sshd.directory), { recursive: true });
  const to = ["--to", `ssh://${sshd.hostAlias}${there}`, "--ssh-config", sshd.sshConfigPath, "--name", "vm"];
  const argv = ["migrate", "--disk", "/disk.img", ...to, "--yes", "--no-boot-check", "--receiver", "agent"];
  const { code, stderr } = await root.run([...PORTABLE, ...argv]);
  assert.equal(code, 0, `${stderr.slice(-2000)}\n${sshd.log().slice(-2000)}`);
  assert.equal((await cli(["verify", join(there, "vm")])).code, 0);
  const brought =
    (await readdir(join(there, "cache/virt-p2v"))).find((name) => name.startsWith("node-")) ?? "";
  const loader = await readInterpreter(join(there, "cache/virt-p2v", brought));
  assert.equal(loader?.path, "/lib64/ld-linux-x86-64.so.2");
});
