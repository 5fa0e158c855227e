// SPDX-License-Identifier: Apache-2.0
// The probe's script in three shells, on a made-up system with hostile names.
import assert from "node:assert/strict";
import { access, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { run } from "../../system/index.ts";
import { parseProbe, type Probe } from "./probe.ts";
import { renderProbeScript } from "./probe-script.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const SHELLS = { dash: ["dash"], bash: ["bash", "--posix"], busybox: ["busybox", "sh"] } as const;

type System = {
  /** Programs by name: a shell script's body. They are functions, which no shell has to start, and busybox prefers to its own. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly wants?: readonly string[];
};

const PROGRAMS = {
  // Time flies; but the guard that ends a writer which hangs (after 10 s) leaves a slow one alone as long as the test runs.
  sleep:
    'case $1 in 10) while [ -e "$P2V_PROC/uptime" ]; do /bin/sleep 1; done ;; 2) read -r a _ <"$P2V_PROC/uptime"; echo "$((${a%.*} + 100)).0" >"$P2V_PROC/uptime" ;; esac',
  timeout: 'shift; "$@"',
  uname: "echo 6.1.0-18-amd64",
  systemctl: `
case "$1 $2" in
"is-system-running "*) echo degraded; exit 1 ;;
"list-units --all") printf '%s\\n' '● nginx.service loaded failed failed A "quoted" name' '  srv-my\\x2ddata.mount loaded failed failed /srv' ;;
"show -p") case $3$4 in Result*nginx*) echo Result=exit-code ;; *) echo Result=timeout ;; esac ;;
"list-jobs "*) printf '%s\\n' '12 dev-sdb1.device start running' 'No jobs running.' ;;
esac`,
  findmnt: 'case $3 in UUID) echo 5a0f5c6e-8d7b ;; *) echo "/dev/vda1[/@root]" ;; esac',
  ip: `
case $* in
*"addr show dev enp3s0"*) printf '%s\\n' '2: enp3s0    inet 10.0.2.15/24 brd 10.0.2.255 scope global dynamic enp3s0\\       valid_lft 86000sec' '2: enp3s0    inet6 fe80::1/64 scope link ' ;;
*"-4 route show default"*) echo 'default via 10.0.2.2 dev enp3s0 proto dhcp metric 100 onlink' ;;
*"-6 route show default"*) echo 'default dev wg0 metric 1024' ;;
esac`,
};

const FILES = {
  "proc/uptime": "42.17 80.00\n",
  "proc/cpuinfo": "model name : QEMU TCG CPU version 2.5+\n",
  "proc/mounts": "rootfs / rootfs rw 0 0\n/dev/vda1 / ext4 rw 0 0\n",
  "sys/class/net/lo/address": "00:00:00:00:00:00\n",
  "sys/class/net/enp3s0/address": "52:54:00:12:34:56\n",
  "sys/class/net/enp3s0/operstate": "up\n",
  "sys/class/net/enp3s0/carrier": "1\n",
  "sys/class/net/enp3s0/device/vendor": "0x1af4\n",
  "sys/class/net/bonding_masters": "bond0\n",
  "sys/class/net/eth9/address": 'x"},{"\\\u001b[2J$(id)\n',
  "sys/class/net/eth9/bonding_slave/perm_hwaddr": "52:54:00:00:00:09\n",
};

async function probeIn(
  t: TestContext,
  shell: readonly string[],
  { programs, files, wants }: System,
): Promise<Probe> {
  const root = await temporary(t);
  for (const [name, text] of Object.entries({ ...FILES, ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  await symlink("../bond0", join(root, "sys/class/net/eth9/master"));
  const functions = Object.entries({ ...PROGRAMS, ...programs }).map(
    ([name, body]) => `${name}() (\n${body}\n)\n`,
  );
  await writeFile(
    join(root, "probe.sh"),
    functions.join("") + renderProbeScript({ wants: wants ?? ["enp3s0"] }),
  );
  const env = {
    P2V_SYS: join(root, "sys"),
    P2V_PROC: join(root, "proc"),
    P2V_CONSOLES: join(root, "console"),
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  };
  await run([...shell, join(root, "probe.sh")], { env, timeoutMs: 300_000 });
  const lines = (await readFile(join(root, "console"), "utf8")).split("\n");
  const probe = lines.map(parseProbe).find((one) => one !== null);
  assert.ok(probe, lines.join("\n"));
  return probe;
}

for (const [name, shell] of Object.entries(SHELLS)) {
  test(`the probe tells what it sees, in ${name}`, async (t) => {
    if (!(await installed(shell[0]))) return t.skip(`${shell[0]} is not installed`);
    const probe = await probeIn(t, shell, {});
    assert.deepEqual(probe, {
      format: "p2v-probe/1",
      root: "5a0f5c6e-8d7b",
      rootSource: "/dev/vda1",
      kernel: "6.1.0-18-amd64",
      state: "degraded",
      uptime: 42,
      failed: [
        { unit: "nginx.service", result: "exit-code" },
        { unit: "srv-my\\x2ddata.mount", result: "timeout" },
      ],
      waiting: ["dev-sdb1.device"],
      ip: true,
      links: [
        {
          name: "enp3s0",
          mac: "52:54:00:12:34:56",
          state: "up",
          master: null,
          physical: true,
          carrier: true,
          addresses: ["10.0.2.15/24", "fe80::1/64"],
        },
        {
          name: "eth9",
          mac: "52:54:00:00:00:09",
          state: null,
          master: "bond0",
          physical: false,
          carrier: false,
          addresses: [],
        },
      ],
      routes: [
        { via: "10.0.2.2", dev: "enp3s0" },
        { via: null, dev: "wg0" },
      ],
    });
  });

  test(`the probe ends, and its JSON holds, on a hostile system that never settles, in ${name}`, async (t) => {
    if (!(await installed(shell[0]))) return t.skip(`${shell[0]} is not installed`);
    const evil = `printf '%s\\n' 'a"b\\\\c\u0001$(id)\`id\`;{}[]' "$(head -c 5000 /dev/zero | tr '\\\\0' x)"`;
    const probe = await probeIn(t, shell, {
      wants: ["missing0", "enp3s0"],
      programs: {
        systemctl: `case $1 in is-system-running) echo starting ;; list-units) i=0; while [ $i -lt 70 ]; do i=$((i+1)); echo "x$i.service"; done ;; show) echo 'Result=a"b' ;; *) ${evil} ;; esac`,
        findmnt: evil,
        ip: 'echo "2: enp3s0 inet \\"; } tentative"',
        uname: evil,
      },
      files: { 'sys/class/net/evil"name/address': "\n" },
    });
    assert.equal(probe.state, "starting");
    assert.equal(probe.failed.length, 64);
    assert.ok(probe.kernel.length <= 200);
    assert.ok(probe.links.some((link) => link.name === "evilname" && link.mac === null));
  });
}

test("the probe falls back to what an old or small system has", async (t) => {
  const probe = await probeIn(t, ["dash"], {
    programs: {
      systemctl:
        'case $1 in is-system-running) echo "Unknown operation" >&2; exit 1 ;; list-jobs) echo "No jobs running." ;; esac',
      findmnt: "exit 1",
      blkid: "echo from-blkid",
    },
    files: { "proc/cpuinfo": "Intel\n" },
  });
  assert.equal(probe.state, "unknown");
  assert.equal(probe.root, "from-blkid");
  assert.equal(probe.rootSource, "/dev/vda1");
  assert.deepEqual(probe.failed, []);
});

test("shellcheck finds nothing in the probe", async (t) => {
  if (!(await installed("shellcheck"))) return t.skip("shellcheck is not installed");
  const { stdout } = await run(["shellcheck", "-s", "sh", "-"], {
    input: renderProbeScript({ wants: ["eth0"] }),
    allowCodes: [1],
  });
  assert.equal(stdout, "");
});

async function installed(program: string): Promise<boolean> {
  for (const directory of ["/usr/bin", "/bin"]) {
    try {
      await access(join(directory, program));
      return true;
    } catch {
      continue;
    }
  }
  return false;
}
