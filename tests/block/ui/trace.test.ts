// SPDX-License-Identifier: Apache-2.0
// --trace of real commands: each program here and on a host through a real sshd, as a line that works when it is pasted.
import assert from "node:assert/strict";
import { readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../../src/system/index.ts";
import { startSshd } from "../../../lab/sshd.ts";
import { assertRefused, cli } from "../../support/cli.ts";
import { makeFilesystem } from "../../support/disks/filesystems.ts";
import { encryptVolume, PASSPHRASE } from "../../support/disks/luks.ts";
import { temporary } from "../../support/temporary.ts";

const MIB = 2 ** 20;

/** An ext4 of 8 MiB without a system. */
async function smallDisk(directory: string): Promise<string> {
  const path = join(directory, "small.img");
  await makeFilesystem(path, {
    sizeBytes: 8 * MIB,
    scratch: directory,
    spec: { fs: "ext4", files: { "hello.txt": "hello\n" } },
  });
  return path;
}

const lineWith = (text: string, part: RegExp): string => {
  const found = text.split("\n").find((line) => part.test(line));
  assert.ok(found !== undefined, `no line with ${part} in\n${text}`);
  return found;
};

/** Of a program that ran for long, and on a slow machine any may, the beginning and the end have a line each. */
function exitOf(line: string, text: string): number {
  const begun = / begun=(\d+)/.exec(line)?.[1];
  const end = begun === undefined ? line : lineWith(text, new RegExp(` exit=\\d+ begun=${begun}[; ]`));
  return Number(/ exit=(\d+)/.exec(end)?.[1]);
}

test("a migration over ssh: programs here and there, what ran for long, and lines that can be pasted", async (t) => {
  const directory = await temporary(t);
  await using sshd = await startSshd();
  const trace = join(directory, "run.trace");
  const disk = await smallDisk(directory);
  const to = ["--to", `ssh://${sshd.hostAlias}${directory}/vms`, "--ssh-config", sshd.sshConfigPath];
  // Only files: whether this computer runs a hypervisor is not the matter here.
  const more = [
    "--name",
    "vm",
    "--hypervisor",
    "qemu",
    "--as-is",
    "--no-boot-check",
    "--yes",
    "--trace",
    trace,
  ];
  const ended = await cli(["migrate", "--disk", disk, "--format", "qcow2", ...to, ...more]);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal((await stat(trace)).mode & 0o777, 0o600);
  const text = await readFile(trace, "utf8");
  for (const line of text.split("\n").slice(0, -1))
    assert.match(line, /^# |^: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ((begun=\d+|\d+\.\d{3}s )|.*; # )/);
  assert.match(text, / begun=1; virt-p2v migrate --disk /);
  assert.match(text, / exit=0 begun=1; # virt-p2v\n$/);
  assert.ok(exitOf(lineWith(text, /; blkid /), text) >= 0);
  const title = `on=${sshd.hostAlias}`;
  // The connection with all its options; then acts, each as a person would type it; and the agent, from begin to end.
  assert.match(
    lineWith(text, /cat >\/dev\/null/),
    new RegExp(`begun=\\d+ ${title}; ssh -T -F .* -o StrictHostKeyChecking=yes`),
  );
  const agent = lineWith(text, /--directory/);
  assert.match(agent, new RegExp(`begun=\\d+ ${title}; ssh -F ${sshd.sshConfigPath} -- ${sshd.hostAlias} '`));
  const number = /begun=(\d+)/.exec(agent)?.[1] ?? "";
  assert.match(text, new RegExp(` \\d+\\.\\d{3}s exit=0 begun=${number} ${title}; # ssh`));
  // What the agent runs there is a line as if it were started from here.
  const ssh = `${title}; ssh -F ${sshd.sshConfigPath} -- ${sshd.hostAlias}`;
  const created = lineWith(text, new RegExp(`${ssh} 'qemu-img create .*vm-1\\.qcow2\\.partial`));
  assert.equal(exitOf(created, text), 0);
  assert.match(text, new RegExp(` begun=\\d+ ${ssh} 'setpriv --pdeathsig TERM -- qemu-storage-daemon `));

  const act = lineWith(text, / on=.*df -Pk/);
  const pasted = await run(["bash", "-c", act]);
  assert.match(pasted.stdout, /\d+%/);
  const local = lineWith(text, /; blkid /);
  const code = exitOf(local, text);
  assert.equal((await run(["bash", "-c", local], { allowCodes: [code] })).code, code);
});

test("what the shell of a host is told is a comment: pasted, it would write into the image", async (t) => {
  const directory = await temporary(t);
  const trace = join(directory, "run.trace");
  const to = ["--to", `dir:${directory}/vms`, "--name", "vm", "--receiver", "shell"];
  const more = ["--as-is", "--no-boot-check", "--yes", "--trace", trace];
  const ended = await cli(["migrate", "--disk", await smallDisk(directory), ...to, ...more]);
  assert.equal(ended.code, 0, ended.stderr);
  const text = await readFile(trace, "utf8");
  const told = text.split("\n").filter((line) => line.includes(" on='this machine'"));
  assert.ok(
    told.some((line) => / stdin=\d+B; # .*dd /.test(line)),
    text,
  );
  assert.ok(
    told.some((line) => /; # told \d+ times, /.test(line)),
    text,
  );
  for (const line of told) assert.match(line, /^: [^;]*; # /);
});

test("a key file's contents are in no line, in whatever form; that cryptsetup was given something is", async (t) => {
  const directory = await temporary(t);
  const trace = join(directory, "run.trace");
  const [luks, key] = [join(directory, "luks.img"), join(directory, "key")];
  await encryptVolume({ path: await smallDisk(directory), sizeBytes: 8 * MIB }, luks);
  await writeFile(key, `${PASSPHRASE}\n`, { mode: 0o600 });
  const ended = await cli(["inspect", "--disk", luks, "--key", key, "--trace", trace]);
  assert.equal(ended.code, 0, ended.stderr);
  const text = await readFile(trace, "utf8");
  assert.match(text, /stdin=\d+B; cryptsetup /);
  const dump = await run(
    ["cryptsetup", "luksDump", "--batch-mode", "--dump-volume-key", "--key-file", "-", luks],
    {
      input: PASSPHRASE,
    },
  );
  const volumeKey = (dump.stdout.split("MK dump:")[1] ?? "").replaceAll(/\s/g, "");
  assert.equal(volumeKey.length, 128);
  const bytes = Buffer.from(PASSPHRASE);
  for (const form of [PASSPHRASE, "staple", bytes.toString("hex"), bytes.toString("base64"), volumeKey])
    assert.ok(!text.includes(form), form);
});

test("the live job takes p2v.trace from the kernel command line", async (t) => {
  const directory = await temporary(t);
  const cmdline = join(directory, "cmdline");
  const trace = join(directory, "run.trace");
  await writeFile(
    cmdline,
    `quiet p2v.unattended p2v.to=dir:${directory}/vms p2v.disk=${directory}/none.img p2v.trace=${trace}\n`,
  );
  const ended = await cli(["live", "--cmdline", cmdline, "--trace", join(directory, "live.trace")]);
  assert.equal(ended.code, 3, ended.stderr);
  assert.ok(ended.stdout.includes(`The programs that were run are in ${trace}; `), ended.stdout);
  const text = await readFile(trace, "utf8");
  assert.match(text, / begun=\d+; virt-p2v migrate --to dir:/);
  assert.match(text, / exit=3 begun=\d+; # virt-p2v\n/);
});

test("what is there and is not a trace is refused, before anything is done", async (t) => {
  const directory = await temporary(t);
  const disk = join(directory, "server.img");
  await writeFile(disk, "the only copy");
  await symlink(disk, join(directory, "link"));
  for (const path of [disk, join(directory, "link"), "/dev/null", directory])
    await assertRefused(await cli(["doctor", "--trace", path]), {
      code: 2,
      says: /is not a (regular file|trace)/,
      advises: /Name a file that is not there/,
    });
  assert.equal(await readFile(disk, "utf8"), "the only copy");
});
