// SPDX-License-Identifier: Apache-2.0
// A real Xen host receives the demo machine over ssh, boots it as a PV domain to its login, and forgets it again.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Definition, Report } from "../../src/core/index.ts";
import { mount, run } from "../../src/system/index.ts";
import { assertRefused, cli, type Ended, leftovers } from "../support/cli.ts";
import { demoDisk } from "../../lab/demo/machine.ts";
import { dialog } from "../support/dialog.ts";
import { startLibvirtHost } from "../support/vms/libvirt-host.ts";
import { startXenHost, type XenHost } from "../support/vms/xen-host.ts";

const IMAGES = "/var/lib/xen/images";
let host: XenHost;
let source = "";

before(async () => {
  const signal = AbortSignal.timeout(12 * 60_000);
  source = await demoDisk({ signal });
  host = await startXenHost({ signal });
  await host.inside(`mkdir -p ${IMAGES} && mount /dev/vdc ${IMAGES} && rmdir ${IMAGES}/lost+found`);
});

after(async () => {
  await host?.[Symbol.asyncDispose]();
});

const uri = (user = "root"): string => `ssh://${user}@${host.hostAlias}${IMAGES}`;

const migrate = (to: string, ...more: readonly string[]): Promise<Ended> =>
  cli(
    ["migrate", "--disk", source, "--to", to, "--name", "aurora", "--memory", "1G", "--ssh-config"].concat(
      host.sshConfigPath,
      more,
      "--yes",
    ),
    { timeoutMs: 1_500_000 },
  );

const undefine = (): Promise<Ended> =>
  cli(["host", "undefine", "aurora", "--to", uri(), "--ssh-config", host.sshConfigPath, "--yes"]);

async function fileThere<T>(path: string): Promise<T> {
  return JSON.parse(await host.inside(`cat ${path}`)) as T;
}

test("host show tells what the Xen host is", async () => {
  const shown = await cli(["host", "show", uri(), "--ssh-config", host.sshConfigPath, "--json"]);
  assert.equal(shown.code, 0, shown.stderr);
  const { kind, xen, networks, problems } = JSON.parse(shown.stdout);
  assert.equal(kind, "xen");
  assert.match(xen.version.value, /^4\.17\./);
  assert.deepEqual([xen.usable, xen.types], [true, ["pv"]]);
  assert.match(xen.pygrub, /\/pygrub$/);
  assert.equal(xen.pvgrub, null);
  assert.deepEqual(
    networks.map(({ name }: { name: string }) => name),
    ["xenbr0"],
  );
  assert.deepEqual(problems, []);
});

test("xl reads each golden definition: PV, PVH and HVM", async () => {
  const golden = new URL("../golden/definitions/", import.meta.url);
  const names = (await readdir(golden)).filter((name) => name.endsWith(".xl.cfg.golden"));
  assert.ok(names.length >= 4);
  for (const name of names) {
    const text = await readFile(new URL(name, golden));
    await run([...host.ssh(), "cat >/tmp/golden.cfg"], { input: text });
    const said = await host.inside("xl create -n /tmp/golden.cfg 2>&1 || echo FAILED $?");
    assert.doesNotMatch(said, /FAILED|warning|error/i, `${name}: ${said.slice(-500)}`);
    assert.match(said, /"c_info"/, name);
  }
});

test("a user without rights is told so before anything is copied", async () => {
  await host.inside(
    "install -d -o mia -m 700 /home/mia/.ssh; cp /root/.ssh/authorized_keys /home/mia/.ssh/; chown mia /home/mia/.ssh/*",
  );
  const ended = await migrate(uri("mia").replace(IMAGES, "/home/mia/vms"));
  await assertRefused(ended, {
    code: 4,
    says: /Xen host, and this user may not run xl/,
    advises: /as root, or let the user run xl by sudo/,
  });
  assert.equal((await host.inside("ls -A /home/mia | grep -c vms; true")).trim(), "0");
  const may = "mia ALL=(root) NOPASSWD: /usr/sbin/xl\\nDefaults:mia requiretty\\n";
  await host.inside(`printf '${may}' >/etc/sudoers.d/mia`);
  await assertRefused(await migrate(uri("mia").replace(IMAGES, "/home/mia/vms")), {
    code: 4,
    says: /may not run xl: .*must have a tty/,
    advises: /!requiretty/,
  });
  await host.inside("rm /etc/sudoers.d/mia");
});

test("a host whose clock is wrong is told in the plan", async () => {
  await host.inside("date -s '+3 hours'");
  const to = ["--to", uri(), "--ssh-config", host.sshConfigPath];
  const planned = await cli(["plan", "--disk", source, ...to, "--name", "aurora"], { timeoutMs: 300_000 });
  await host.inside("date -s '-3 hours'");
  assert.equal(planned.code, 0, planned.stderr);
  assert.match(planned.stdout, /The clock of .* is (?:3 h 0|2 h 5\d) min ahead of this machine's/);
  assert.match(planned.stdout, /timedatectl/);
});

test("the demo machine boots as a PV domain to its login, with its network and its root", async () => {
  const ended = await migrate(uri(), "--start", "--autostart");
  assert.match(ended.stdout, /aurora: booted\n.*DHCP was not tried/);
  assert.equal(ended.code, 0, `${ended.stderr}${host.log().slice(-4000)}`);
  assert.match(ended.stdout, /aurora runs: its login was there after (?:\d+ min )?\d+ s/);
  assert.deepEqual(await leftovers(), []);
  const report = await fileThere<Report>(`${IMAGES}/aurora/report.json`);
  assert.deepEqual(report.vm.xen, { type: "pv", loader: "pygrub" });
  assert.equal(report.started?.kind, "login");
  const definition = await fileThere<Definition>(`${IMAGES}/aurora/definition.json`);
  assert.deepEqual(
    definition.files.map(({ path }) => path),
    ["/etc/xen/aurora.cfg"],
  );
  assert.equal((await host.inside("readlink /etc/xen/auto/aurora.cfg")).trim(), "/etc/xen/aurora.cfg");

  // `xl console` takes keys from a terminal only.
  const heard = await dialog([...host.ssh(), "script -qfc 'xl console aurora' /dev/null"], {
    lines: [
      { hear: /^/, say: "\n" },
      { hear: /login: $/, say: "root\n" },
      { hear: /Password: $/, say: "p2v\n" },
      { hear: /# $/, say: "ip -brief address; findmnt -n /; systemctl --failed --no-legend; echo o''ver\n" },
    ],
    until: /[\r\n]over/,
    timeoutMs: 240_000,
  });
  assert.match(heard, /enp3s0\s+UP\s+10\.0\.2\.\d+\/24/);
  assert.match(heard, /\/dev\/xvda1\s+ext4/);
  assert.doesNotMatch(heard, /loaded +failed/);
});

test("the same images, brought to a libvirt host, are defined and run there", async () => {
  // The back end lets go of the image a moment after the domain is down.
  const until = (done: string): string => `n=0; until ${done}; do n=$((n+1)); [ $n -lt 60 ]; sleep 1; done`;
  await host.inside(
    `set -e; xl shutdown -w aurora; ${until("! xl domid aurora")}; ${until(`umount ${IMAGES}`)}`,
  );
  await using other = await startLibvirtHost();
  {
    await using storage = await mount(host.storagePath, join(other.images, "../storage"), {
      type: "ext4",
      options: ["loop", "ro", "noload"],
    });
    await run(["cp", "-a", "--sparse=always", join(storage.path, "aurora"), other.images], {
      timeoutMs: 300_000,
    });
  }
  await host.inside(`mount /dev/vdc ${IMAGES}`);
  const to = ["--to", `ssh://${other.hostAlias}${other.images}`, "--ssh-config", other.sshConfigPath];
  const ended = await cli(["host", "define", "aurora", ...to, "--start", "--yes"], { timeoutMs: 600_000 });
  assert.equal(ended.code, 0, `${ended.stderr}${other.log()}`);
  assert.match(
    ended.stdout,
    /aurora is defined by libvirt\.\naurora runs: its login was there after (?:\d+ min )?\d+ s/,
  );

  const console = ["ssh", "-F", other.sshConfigPath, other.hostAlias, "script -qfc"];
  const heard = await dialog([...console, "'virsh -c qemu:///system console aurora' /dev/null"], {
    lines: [
      { hear: /Escape character/, say: "\n" },
      { hear: /login: $/, say: "root\n" },
      { hear: /Password: $/, say: "p2v\n" },
      { hear: /# $/, say: "ip -brief link; findmnt -n /; systemctl --failed --no-legend; echo o''ver\n" },
    ],
    until: /[\r\n]over/,
    timeoutMs: 120_000,
  });
  assert.match(heard, /enp3s0\s+UP/);
  assert.match(heard, /\/dev\/vda1\s+ext4/);
  const again = await cli(["host", "define", "aurora", ...to, "--yes"]);
  await assertRefused(again, { code: 5, says: /The VM aurora runs on /, advises: /Shut it down/ });
});

test("host undefine removes what was made, and leaves what was changed", async () => {
  await host.inside("xl create -p /etc/xen/aurora.cfg");
  await assertRefused(await undefine(), { code: 5, says: /aurora runs/, advises: /Shut it down/ });
  await host.inside("xl destroy aurora");
  await host.inside("echo '# mine' >>/etc/xen/aurora.cfg");
  const ended = await undefine();
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /Left in place, since it is not ours: \/etc\/xen\/aurora\.cfg/);
  assert.equal((await host.inside(`ls -A ${IMAGES} /etc/xen/auto`)).replaceAll(/\S+:\n/g, "").trim(), "");
});
