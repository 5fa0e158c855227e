// SPDX-License-Identifier: Apache-2.0
// Hosts that are wrong in some way, each behind a real sshd: one clear line with advice, and nothing of a disk there.
// (Xen without rights and a libvirtd that is stopped: tests/hosts.)
import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { mount } from "../../src/system/index.ts";
import { assertRefused, cli, type Ended } from "../support/cli.ts";
import { makeDisk, type TestDisk } from "../support/disks/disks.ts";
import { freePort, type Sshd, type SshdOptions, startSshd } from "../../lab/sshd.ts";
import { temporary } from "../support/temporary.ts";

let disk: TestDisk;

before(async () => {
  disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 16, fs: "ext4", files: {} }] });
});

after(async () => {
  await disk?.[Symbol.asyncDispose]();
});

async function server(t: TestContext, options: SshdOptions = {}): Promise<Sshd> {
  const sshd = await startSshd(options);
  t.after(() => sshd[Symbol.asyncDispose]());
  return sshd;
}

/** Only files: whether this computer runs a hypervisor is not the matter here. */
const migrate = (
  sshd: Sshd,
  path: string,
  { host = sshd.hostAlias, more = [] }: { host?: string; more?: readonly string[] } = {},
): Promise<Ended> => {
  const what = ["--disk", disk.path, "--to", `ssh://${host}${path}`, "--name", "vm", "--hypervisor", "qemu"];
  const how = ["--ssh-config", sshd.sshConfigPath, "--retry-for", "0", "--no-boot-check", "--yes"];
  return cli(["migrate", ...what, ...how, ...more]);
};

/** A file system of its own for the directory where our agent would be placed. */
const cacheOn = (directory: string): SshdOptions => ({ serverLines: [`SetEnv XDG_CACHE_HOME=${directory}`] });

test("no ssh: nobody listens, or the name is not known", async (t) => {
  const sshd = await server(t);
  await assertRefused(await migrate(sshd, "/vms", { host: `127.0.0.1:${await freePort()}` }), {
    code: 4,
    says: /refuses the connection/,
    advises: /sshd runs there/,
  });
  await assertRefused(await migrate(sshd, "/vms", { host: "no-such-host.invalid" }), {
    code: 4,
    says: /does not resolve to an address/,
    advises: /IP address/,
  });
});

test("another host key than the one known", async (t) => {
  const directory = await temporary(t);
  const sshd = await server(t, { knownHost: "wrong" });
  await assertRefused(await migrate(sshd, join(directory, "vms")), {
    code: 4,
    says: /shows another host key|host key .* not known/,
    advises: /ssh-keygen/,
  });
  assert.deepEqual(await readdir(directory), []);
});

test("no space, a file system that is read-only, a path through a file", async (t) => {
  const directory = await temporary(t);
  const sshd = await server(t);
  await using small = await mount("p2v-small", join(directory, "small"), {
    type: "tmpfs",
    options: ["size=2m"],
  });
  await assertRefused(await migrate(sshd, `${small.path}/vms`), {
    code: 5,
    says: /small on .* has .* free, the VM needs/,
    advises: /Free space there/,
  });
  await using fixed = await mount("p2v-fixed", join(directory, "fixed"), { type: "tmpfs", options: ["ro"] });
  await assertRefused(await migrate(sshd, `${fixed.path}/vms`), {
    code: 5,
    says: /fixed.*(cannot be written|[Rr]ead-only)/,
    advises: /\S/,
  });
  await writeFile(join(directory, "file"), "");
  await assertRefused(await migrate(sshd, `${directory}/file/vms`), {
    code: 5,
    says: /file on .* is not a directory/,
    advises: /directory/,
  });
  for (const path of [small.path, fixed.path]) assert.deepEqual(await readdir(path), []);
});

test("a name that is taken: a directory that is not ours", async (t) => {
  const directory = await temporary(t);
  const sshd = await server(t);
  await mkdir(join(directory, "vm"));
  await writeFile(join(directory, "vm", "diary"), "mine");
  await assertRefused(await migrate(sshd, directory), {
    code: 5,
    says: /vm on .* is not empty and not ours/,
    advises: /Choose another --name/,
  });
  assert.deepEqual(await readdir(join(directory, "vm")), ["diary"]);
});

test("a home that is full or over its quota, and one that is mounted noexec", async (t) => {
  const directory = await temporary(t);
  await using full = await mount("p2v-full", join(directory, "full"), {
    type: "tmpfs",
    options: ["size=1m"],
  });
  const agent = { more: ["--receiver", "agent"] };
  await assertRefused(await migrate(await server(t, cacheOn(full.path)), `${directory}/vms`, agent), {
    code: 4,
    says: /The agent cannot be placed on .*(No space left|exit code)/,
    advises: /120 MB in ~\/\.cache\/virt-p2v/,
  });
  await using noexec = await mount("p2v-noexec", join(directory, "noexec"), {
    type: "tmpfs",
    options: ["noexec"],
  });
  await assertRefused(await migrate(await server(t, cacheOn(noexec.path)), `${directory}/vms`, agent), {
    code: 4,
    says: /The agent does not run on .*[Pp]ermission denied/,
    advises: /mounted noexec \(set XDG_CACHE_HOME to another place\)/,
  });
  const left = (await readdir(join(directory, "vms", "vm")).catch(() => [])).filter((name) =>
    /img/.test(name),
  );
  assert.deepEqual(left, [], "not a byte of a disk is there");

  const byShell = await migrate(await server(t, cacheOn(noexec.path)), `${directory}/vms`);
  assert.equal(byShell.code, 0, byShell.stderr);
  assert.match(
    byShell.stderr,
    /Warning: The agent does not run on .*The host's shell receives the copy instead/,
  );
  assert.match(byShell.stderr, /120 MB in a ~\/\.cache/);
  assert.ok((await readdir(join(directory, "vms", "vm"))).includes("manifest.json"));
});

test("what is only odd is not a hindrance: banners, a slow login, a locale that is not there, /tmp that is full", async (t) => {
  const directory = await temporary(t);
  const banner = join(directory, "banner");
  await writeFile(banner, "Authorized use only!\n".repeat(20));
  const login = join(directory, "login");
  await writeFile(
    login,
    '#!/bin/sh\necho "Welcome. You have mail."\nsleep 0.3\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n',
    {
      mode: 0o755,
    },
  );
  const sshd = await server(t, {
    serverLines: [
      `Banner ${banner}`,
      `ForceCommand ${login}`,
      "SetEnv LC_ALL=xx_XX.UTF-8 LANG=xx_XX TMPDIR=/dev/full",
    ],
  });
  const ended = await migrate(sshd, `${directory}/vms`);
  assert.equal(ended.code, 0, ended.stderr);
  assert.ok((await readdir(join(directory, "vms", "vm"))).includes("manifest.json"));
});
