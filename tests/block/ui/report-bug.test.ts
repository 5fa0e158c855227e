// SPDX-License-Identifier: Apache-2.0
// A bug report as a user makes it, of a machine and a run full of secrets: what is needed is in it, and none of them.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { run } from "../../../src/system/index.ts";
import { assertRefused, cli } from "../../support/cli.ts";
import { makeFilesystem } from "../../support/disks/filesystems.ts";
import { encryptVolume } from "../../support/disks/luks.ts";
import { OLD_SERVER, runningServer, SECRETS } from "../../support/guests/survey-machine.ts";
import { temporary } from "../../support/temporary.ts";

const KEY = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABplantedkeyone
AAAAC3NzaC1lZDI1NTE5AAAAIplantedkeytwo
-----END OPENSSH PRIVATE KEY-----
`;

/** Kinds of secrets, each with words of its own, so that a failure says which; and where a server has them. */
const PLANTED: Readonly<Record<string, string>> = {
  "etc/NetworkManager/system-connections/office.nmconnection":
    "[connection]\nid=office\n[wifi-security]\npsk=planted-nm-psk\n[802-1x]\npassword=planted-nm-eap\n",
  "etc/netplan/60-wifi.yaml":
    'network:\n  wifis:\n    wlan0:\n      access-points: {"home": {password: planted-netplan}}\n',
  "etc/wpa_supplicant/wpa_supplicant.conf": 'network={\n  ssid="home"\n  psk="planted-wpa"\n}\n',
  "etc/network/interfaces.d/wlan": "iface wlan0 inet dhcp\n  wpa-psk planted-ifupdown\n",
  "etc/grub.d/42_password":
    "set superusers=root\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.PLANTEDGRUB.AB\n",
  "boot/grub/user.cfg": "GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.PLANTEDUSERCFG.AB\n",
  "boot/grub/menu.lst": "default 0\npassword --md5 $1$plantedm$PlantedLegacyHash\n",
  "etc/ssh/ssh_host_ed25519_key": KEY,
  "root/.ssh/id_ed25519": KEY,
  "etc/kernel/install.conf": `# my notes\n${KEY}`,
  "etc/shadow":
    "root:$6$saltsalt$plantedshadowhash:19000:0:99999:7:::\nold:PlantedDesHash:19000:0:99999:7:::\n",
  "etc/keys/data.key": "planted-luks-key-file-contents",
  "etc/crypttab": "data /dev/sda5 /etc/keys/planted-crypttab.key luks\n",
  "root/.netrc": "machine repo.example.org login joe password planted-netrc\n",
  "etc/default/grub.d/app.cfg":
    "DATABASE_URL=postgres://app:planted-database@db.example.org/app\nMIRROR=https://ghp_plantedplantedplanted0@github.com/x\nHOOK='https://x.example.org/?token=planted-url-token'\n",
  "proc/cmdline": "root=/dev/sda1 ro rd.iscsi.password=planted-cmdline quiet\n",
  "etc/modprobe.d/app.conf": "# api_key = planted-api-key\noptions iscsi secret=planted-module-option\n",
};

/** The same as they would stand in what a run leaves. */
const LOOSE = [
  "sk=1 psk=planted-nm-psk",
  "old:PlantedDesHash:19000:0:99999:7:::",
  "root:$6$saltsalt$plantedshadowhash:19000:0:99999:7:::",
  "machine repo.example.org login joe password planted-netrc",
  "password_pbkdf2 root grub.pbkdf2.sha512.10000.PLANTEDGRUB.AB",
  "fetching postgres://app:planted-database@db.example.org/app",
  "fetching https://x.example.org/?token=planted-url-token",
  "remote https://ghp_plantedplantedplanted0@github.com/x",
  "Command line: root=/dev/sda1 rd.iscsi.password=planted-cmdline",
  "Authorization: Bearer planted-url-token",
  ...KEY.trimEnd().split("\n"),
];

/** What leaks, with what stands before it. */
const secretsIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(/.{0,60}(?:planted|verysecret)/gi), ([found]) => found);

async function unpack(archive: string, directory: string): Promise<void> {
  await mkdir(directory);
  await run(["tar", "-xzf", archive, "-C", directory]);
}

/** Every path and every byte, the machine's archive unpacked too. */
async function wholeText(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => readFile(join(entry.parentPath, entry.name), "latin1")),
  );
  return [...names.map(({ name }) => name), ...texts].join("\n");
}

async function finishedVm(t: TestContext): Promise<string> {
  const directory = join(await temporary(t), "web");
  await mkdir(directory);
  const report = {
    format: "report/1",
    name: "web",
    changes: [{ path: "/etc/x", diff: LOOSE.join("\n") }],
    guest: { wifi: { ssid: "home", psk: "planted-nm-psk" } },
    problems: LOOSE.map((text) => ({ code: "boot-slow", text })),
  };
  await writeFile(join(directory, "report.json"), JSON.stringify(report));
  await writeFile(join(directory, "console.log"), `[ OK ] Reached target\n${LOOSE.join("\n")}\nweb login:\n`);
  await writeFile(join(directory, "web-1.img"), "planted-disk-contents");
  return directory;
}

test("what is needed is in the archive, and not one of the secrets of a machine and its runs", async (t) => {
  const directory = await temporary(t);
  const at = (name: string): string => join(directory, name);
  await using server = await runningServer("debian-12-ifupdown", {
    fill: [],
    files: { ...OLD_SERVER, ...SECRETS, ...PLANTED },
  });

  // A real run with a key file: its trace and its plan hold what it knew.
  const luksKey = "planted-luks-passphrase";
  await makeFilesystem(at("plain"), {
    sizeBytes: 2 ** 23,
    scratch: directory,
    spec: { fs: "ext4", files: {} },
  });
  await encryptVolume({ path: at("plain"), sizeBytes: 2 ** 23 }, at("luks.img"), { passphrase: luksKey });
  await writeFile(at("key"), `${luksKey}\n`, { mode: 0o600 });
  const source = ["--disk", at("luks.img"), "--key", at("key")];
  const target = ["--to", `dir:${at("vms")}`, "--name", "web", "--trace", at("run.trace")];
  const planned = await cli(["plan", ...source, ...target]);
  assert.equal(planned.code, 0, planned.stderr);

  const plan = { guest: { id: "debian" }, notes: LOOSE, token: "planted-url-token" };
  await writeFile(at("plan.json"), JSON.stringify(plan));
  await writeFile(
    at("other.trace"),
    `# virt-p2v trace 1\n: x; curl https://x/?token=planted-url-token\n${LOOSE.join("\n")}\n`,
  );
  const vm = await finishedVm(t);
  const taken = ["--plan", at("plan.json"), "--sysroot", server.root];
  const made = await cli(["report-bug", ...taken, "--out", at("bug.tar.gz"), "--yes", vm]);
  assert.equal(made.code, 0, made.stderr);
  for (const name of [
    "version.json",
    "doctor.json",
    "last-run.json",
    "trace.txt",
    "plan.json",
    "vm/report.json",
    "vm/console.log",
    "machine.tar.gz",
    "kernel.log",
  ])
    assert.ok(made.stderr.includes(`  ${name} `), `${name} is announced`);
  assert.deepEqual(secretsIn(made.stdout + made.stderr), []);
  assert.equal((await stat(at("bug.tar.gz"))).mode & 0o777, 0o600);

  await unpack(at("bug.tar.gz"), at("unpacked"));
  const inside = at("unpacked/virt-p2v-bug");
  await unpack(join(inside, "machine.tar.gz"), at("unpacked/machine"));
  const text = await wholeText(at("unpacked"));
  assert.deepEqual(secretsIn(text), []);
  for (const form of ["hex", "base64"] as const)
    assert.ok(!text.includes(Buffer.from(luksKey).toString(form)), form);
  await assert.rejects(stat(at("unpacked/machine/etc/shadow")));

  // And it is of use: versions, programs, the plan, the machine as inspect reads it.
  assert.match(text, /"version": "\d+\.\d+\.\d+/);
  assert.match(await readFile(join(inside, "trace.txt"), "utf8"), /stdin=\d+B; cryptsetup /);
  const last = JSON.parse(await readFile(join(inside, "last-run.json"), "utf8")) as {
    command: string;
    plan: { vm: { disks: readonly unknown[] } };
    end: { code: number; error: null };
  };
  assert.match(last.command, /^virt-p2v plan --disk /);
  assert.equal(last.plan.vm.disks.length, 1);
  assert.equal(last.end.code, 0);
  assert.match(await readFile(join(inside, "vm/console.log"), "utf8"), /Reached target[^]*web login:/);
  const report = JSON.parse(await readFile(join(inside, "vm/report.json"), "utf8")) as { name: string };
  assert.equal(report.name, "web");
  assert.match(
    await readFile(at("unpacked/machine/etc/network/interfaces.d/wlan"), "utf8"),
    /wpa-psk \*\*\*/,
  );
  const seen = await cli(["inspect", join(inside, "machine.tar.gz")]);
  assert.equal(seen.code, 0, seen.stderr);
  assert.match(seen.stdout, /Invented Servers/);

  // Another trace takes the place of the last run's, and is sieved like all else.
  const other = await cli([
    "report-bug",
    "--trace",
    at("other.trace"),
    "--sysroot",
    server.root,
    "--out",
    at("2.tar.gz"),
    "--yes",
    "--json",
  ]);
  assert.equal(other.code, 0, other.stderr);
  const { files } = JSON.parse(other.stdout) as { files: readonly string[] };
  assert.ok(files.includes("trace.txt") && !files.includes("plan.json"), files.join(" "));
  await unpack(at("2.tar.gz"), at("second"));
  assert.deepEqual(secretsIn(await wholeText(at("second"))), []);
  assert.match(await readFile(at("second/virt-p2v-bug/trace.txt"), "utf8"), /curl/);
});

test("it asks first, overwrites nothing, and refuses what is none of its files", async (t) => {
  const directory = await temporary(t);
  const out = join(directory, "bug.tar.gz");
  const report = (...args: readonly string[]): ReturnType<typeof cli> =>
    cli(["report-bug", "--out", out, ...args]);
  await assertRefused(await report(), { code: 2, says: /no terminal to ask on/, advises: /--yes/ });
  await assert.rejects(stat(out));
  await writeFile(join(directory, "server.img"), "precious");
  for (const [args, says] of [
    [["--trace", join(directory, "server.img")], /is not a trace/],
    [["--trace", join(directory, "none")], /is not there/],
    [["--plan", join(directory, "none")], /is not there/],
    [[directory], /neither report\.json nor console\.log/],
  ] as const)
    await assertRefused(await report("--yes", ...args), { code: 2, says, advises: /Name|Check/ });
  await symlink(join(directory, "server.img"), out);
  await assertRefused(await report("--yes"), { code: 2, says: /exists already/, advises: /--out/ });
  assert.equal(await readFile(join(directory, "server.img"), "utf8"), "precious");
  const nowhere = cli(["report-bug", "--yes", "--out", join(dirname(directory), "none", "x", "bug.tar.gz")]);
  await assertRefused(await nowhere, { code: 2, says: /cannot be written: ENOENT/, advises: /--out/ });
});
