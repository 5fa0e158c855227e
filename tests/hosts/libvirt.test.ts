// SPDX-License-Identifier: Apache-2.0
// A real libvirtd receives the demo machine over ssh: defined, boot-checked, started to its login, taken away again.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Report } from "../../src/core/index.ts";
import { assertRefused, cli, type Ended, leftovers } from "../support/cli.ts";
import { demoDisk } from "../../lab/demo/machine.ts";
import { type LibvirtHost, startLibvirtHost } from "../support/vms/libvirt-host.ts";

let host: LibvirtHost;
let source = "";

before(async () => {
  const signal = AbortSignal.timeout(10 * 60_000);
  source = await demoDisk({ signal });
  host = await startLibvirtHost({ signal });
});

after(async () => {
  await host?.[Symbol.asyncDispose]();
});

const uri = (): string => `ssh://${host.hostAlias}${host.images}`;

const migrate = (...more: readonly string[]): Promise<Ended> =>
  cli(
    ["migrate", "--disk", source, "--to", uri(), "--name", "aurora", "--memory", "1G", "--ssh-config"].concat(
      host.sshConfigPath,
      more,
      "--yes",
    ),
    { timeoutMs: 600_000 },
  );

const virsh = (...words: readonly string[]): Promise<string> =>
  host.inside(["virsh", "-q", "-c", "qemu:///system", ...words]);

test("host show tells what the libvirt host is", async () => {
  const shown = await cli(["host", "show", uri(), "--ssh-config", host.sshConfigPath, "--json"]);
  assert.equal(shown.code, 0, shown.stderr);
  const { kind, libvirt, networks, problems } = JSON.parse(shown.stdout);
  assert.equal(kind, "libvirt");
  assert.equal(libvirt.usable, true);
  assert.deepEqual(libvirt.uefi, { plain: true, secureBoot: true });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    networks.map(({ name }: { name: string }) => name),
    ["p2v-test"],
  );
});

test("what does not fit is refused before a byte is copied", async () => {
  await assertRefused(await migrate("--network", "nowhere"), {
    code: 4,
    says: /no network or bridge nowhere/,
    advises: /Choose one of p2v-test/,
  });
  await assertRefused(await migrate("--hypervisor", "xen"), {
    code: 4,
    says: /has no Xen/,
    advises: /libvirt there/,
  });
  assert.deepEqual(await readdir(host.images), []);
});

test("the demo machine is defined, boot-checked and started to its login", async () => {
  const ended = await migrate("--start", "--autostart");
  assert.equal(ended.code, 0, `${ended.stderr}${host.log()}`);
  assert.match(ended.stdout, /aurora: booted\n/);
  assert.match(ended.stdout, /aurora runs: its login was there after (?:\d+ min )?\d+ s/);
  assert.deepEqual(await leftovers(), []);
  const report = JSON.parse(await readFile(join(host.images, "aurora/report.json"), "utf8")) as Report;
  assert.equal(report.intent.hypervisor, "libvirt");
  assert.equal(report.started?.kind, "login");
  assert.equal((await virsh("domstate", "aurora")).trim(), "running");
  assert.match(await virsh("dominfo", "aurora"), /Autostart:\s+enable/);
  const xml = await virsh("dumpxml", "aurora");
  assert.match(xml, /<domain type='qemu'/); // no KVM there
  assert.match(xml, new RegExp(`<mac address='${report.vm.nics[0]?.mac}'/>\\s+<source network='p2v-test'`));
});

test("a VM that runs is neither replaced nor taken away", async () => {
  await assertRefused(await migrate(), { code: 5, says: /holds a finished VM/, advises: /--name/ });
  await assertRefused(await migrate("--replace"), { code: 5, says: /in use|runs/, advises: /Shut/ });
  await assertRefused(await undefine("aurora"), { code: 5, says: /aurora runs/, advises: /Shut it down/ });
  assert.equal((await virsh("domstate", "aurora")).trim(), "running");
});

const undefine = (name: string): Promise<Ended> =>
  cli(["host", "undefine", name, "--to", uri(), "--ssh-config", host.sshConfigPath, "--yes"]);

test("host undefine removes what was made, and nothing else", async () => {
  await virsh("destroy", "aurora");
  await writeFile(join(host.images, "notes.txt"), "mine\n");
  await writeFile(join(host.images, "aurora/notes.txt"), "mine too\n");
  const ended = await undefine("aurora");
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /Left in place, since it is not ours: \S+\/aurora\/notes\.txt/);
  assert.deepEqual(await readdir(join(host.images, "aurora")), ["notes.txt"]);
  assert.ok((await stat(join(host.images, "notes.txt"))).isFile());
  assert.equal((await virsh("list", "--all", "--name")).trim(), "");
  await assertRefused(await undefine("aurora"), { code: 5, says: /no VM of ours/, advises: /--to/ });
  assert.ok(existsSync(source));
  await rm(join(host.images, "aurora"), { recursive: true });
});

test("a name that another VM has there is refused", async () => {
  const other = `<domain type='qemu'><name>aurora</name><memory>65536</memory><os><type>hvm</type></os></domain>`;
  const file = join(host.images, "other.xml");
  await writeFile(file, other);
  await virsh("define", file);
  await assertRefused(await migrate("--replace"), {
    code: 5,
    says: /a VM named aurora already/,
    advises: /another --name/,
  });
  await virsh("undefine", "aurora");
});

test("libvirtd that is stopped is told in one line", async () => {
  await using stopped = await startLibvirtHost({ daemon: false });
  const ended = await cli(
    [
      "migrate",
      "--disk",
      source,
      "--to",
      `ssh://${stopped.hostAlias}${stopped.images}`,
      "--name",
      "aurora",
    ].concat("--ssh-config", stopped.sshConfigPath, "--yes"),
  );
  await assertRefused(ended, {
    code: 4,
    says: /libvirt is installed, and \S+ does not answer/,
    advises: /systemctl start/,
  });
});
