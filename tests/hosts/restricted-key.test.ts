// SPDX-License-Identifier: Apache-2.0
// A key that is limited to this job: the line of doc/hosts.md, taken from there, in front of a real sshd's key.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../src/system/index.ts";
import { assertRefused, cli, type Ended } from "../support/cli.ts";
import { makeDisk } from "../support/disks/disks.ts";
import { startSshd } from "../../lab/sshd.ts";
import { temporary } from "../support/temporary.ts";

test("with the forced command of doc/hosts.md a key writes to the VMs' directory, and nowhere else", async (t) => {
  const directory = await temporary(t);
  const [vms, other] = [join(directory, "vms"), join(directory, "other")];
  for (const path of [vms, other, join(homedir(), ".cache/virt-p2v")]) await mkdir(path, { recursive: true });
  const page = await readFile(new URL("../../doc/hosts.md", import.meta.url), "utf8");
  const options = /^(restrict,command=".*") ssh-ed25519 /m.exec(page)?.[1];
  assert.ok(options !== undefined);
  await using sshd = await startSshd({ keyOptions: options.replaceAll("/srv/vms", vms) });
  await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 16, fs: "ext4", files: {} }] });

  const migrate = async (path: string): Promise<Ended> => {
    const to = ["--to", `ssh://${sshd.hostAlias}${path}`, "--ssh-config", sshd.sshConfigPath];
    const how = ["--name", "vm", "--hypervisor", "qemu", "--no-boot-check", "--yes"];
    return await cli(["migrate", "--disk", disk.path, ...to, ...how]);
  };
  const done = await migrate(vms);
  assert.equal(done.code, 0, done.stderr);
  assert.ok((await readdir(join(vms, "vm"))).includes("manifest.json"));
  await assertRefused(await migrate(other), {
    code: 5,
    says: /cannot be written|[Rr]ead-only/,
    advises: /\S/,
  });
  assert.deepEqual(await readdir(other), []);

  const ssh = ["ssh", "-F", sshd.sshConfigPath, sshd.hostAlias];
  const outside = await run([...ssh, `touch ${other}/x`], { allowCodes: [1] });
  assert.equal(outside.code, 1);
  assert.match(outside.stderr, /Read-only file system/);
});
