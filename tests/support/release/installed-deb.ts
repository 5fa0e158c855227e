// SPDX-License-Identifier: Apache-2.0
// The Debian package as an administrator meets it: installed by apt into a clean Debian, used, and removed.
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { TestContext } from "node:test";
import { makeDeb } from "../../../scripts/release/deb/deb.ts";
import { readVersion } from "../../../scripts/release/release.ts";
import { releaseFor } from "./artifacts.ts";
import { debianRoot, type Root } from "./roots.ts";
import { migrateSmallDisk } from "./small-migration.ts";

export async function installAndMigrate(t: TestContext, suite: string): Promise<void> {
  const root = await debianRoot(t, suite);
  const deb = await makeDeb(await releaseFor(t));
  await copyFile(deb, join(root.path, basename(deb)));
  await copyFile("/etc/resolv.conf", join(root.path, "etc/resolv.conf"));
  // Of what it recommends, only the check of the small disk's XFS: the rest is 200 MB of QEMU.
  const install = `apt-get update && apt-get install -y --no-install-recommends /${basename(deb)} xfsprogs`;
  const installed = await inShell(root, install);
  assert.equal(installed.code, 0, `${installed.stdout.slice(-2000)}\n${installed.stderr.slice(-2000)}`);
  await assertUsable(root);
  await migrateSmallDisk(root, ["virt-p2v"]);
  const removed = await inShell(root, "apt-get purge -y virt-p2v && ! ls -d /usr/lib/virt-p2v");
  assert.equal(removed.code, 0, "nothing of it stays");
}

const inShell = (root: Root, script: string): ReturnType<Root["run"]> =>
  root.run(["sh", "-c", script], { env: { DEBIAN_FRONTEND: "noninteractive" } });

async function assertUsable(root: Root): Promise<void> {
  assert.equal((await root.run(["virt-p2v", "--version"])).stdout, `virt-p2v ${await readVersion()}\n`);
  const doctor = await root.run(["virt-p2v", "doctor"]);
  assert.equal(doctor.code, 0, doctor.stdout);
  assert.doesNotMatch(doctor.stdout, /MISSING/);
  const policy = await root.run(["apt-cache", "policy", "virt-p2v"]);
  assert.match(
    policy.stdout,
    /Candidate: 1:/,
    "an upgrade does not put Debian's package of this name in its place",
  );
  const complete = `. /usr/share/bash-completion/completions/virt-p2v
COMP_WORDS=(virt-p2v mig) COMP_CWORD=1; _virt_p2v; echo "$COMPREPLY"`;
  assert.equal((await root.run(["bash", "-c", complete])).stdout, "migrate\n");
}
