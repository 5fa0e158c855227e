// SPDX-License-Identifier: Apache-2.0
// The collector under three shells, on this machine and on made-up servers; and what a desk makes of its archive.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { BlockGraph } from "../../../src/core/index.ts";
import { inspectGuest, inspectMachine, readMounts, readSurvey } from "../../../src/inspect/index.ts";
import { run } from "../../../src/system/index.ts";
import { assertRefused, cli } from "../../support/cli.ts";
import {
  COLLECTOR,
  goldenGuest,
  MIRRORED_SERVER,
  OLD_SERVER,
  runningServer,
  SECRETS,
} from "../../support/guests/survey-machine.ts";
import { temporary } from "../../support/temporary.ts";

const signal = new AbortController().signal;
const SHELLS = [["dash"], ["bash", "--posix"], ["busybox", "sh"]];
const OLD = { files: OLD_SERVER, fill: [["/dev/sda1", "/", 92_000_000, 20_971_520]] } as const;
const MIRRORED = {
  files: MIRRORED_SERVER,
  fill: [
    ["/dev/mapper/vg_six-lv_root", "/", 50_000_000, 10_485_760],
    ["/dev/sda1", "/boot", 1_000_000, 102_400],
  ],
} as const;

async function golden(name: string, actual: string): Promise<void> {
  const path = join(import.meta.dirname, "../../golden/survey", name);
  if (process.env["P2V_UPDATE_GOLDEN"] === "1") await writeFile(path, actual);
  assert.equal(actual, await readFile(path, "utf8"), path);
}

test("the script prints itself, and shellcheck finds nothing in it", async () => {
  const printed = await cli(["inspect", "--collector"]);
  assert.equal(printed.stdout, await readFile(COLLECTOR, "utf8"));
  assert.match(printed.stdout.slice(0, 2500), /It reads .*It never reads .*It writes /s);
  assert.equal((await run(["shellcheck", "-s", "sh", COLLECTOR], { allowCodes: [1] })).stdout, "");
});

for (const shell of SHELLS)
  test(`${shell.join(" ")} collects this machine as inspect sees it, and leaves nothing behind`, async (t) => {
    const directory = await temporary(t);
    const env = { TMPDIR: directory, PATH: process.env["PATH"] ?? "" };
    const [program = "sh", ...more] = shell;
    await run([program, ...more, COLLECTOR, join(directory, "here.tar.gz")], { env });
    assert.deepEqual(await readdir(directory), ["here.tar.gz"]);
    const { machine, date } = await readSurvey(join(directory, "here.tar.gz"), { signal });
    const live = await inspectMachine({ signal });
    assert.ok(date !== null);
    for (const key of ["name", "arch", "clock", "cpu", "dmi", "nics", "controllers"] as const)
      assert.deepEqual(machine[key], live[key], key);
    const disks = (graph: BlockGraph): unknown =>
      graph.nodes.flatMap(({ path, sizeBytes, sectorBytes, holds }) =>
        holds.kind === "disk" ? [[path, sizeBytes, sectorBytes]] : [],
      );
    assert.deepEqual(disks(machine.storage), disks(live.storage));
  });

const GUESTS = [
  "alpine-3.19",
  "centos-6-ifcfg",
  "debian-12-ifupdown",
  "rocky-9-nm",
  "sles-15-wicked",
  "ubuntu-22.04-netplan",
];

for (const [index, name] of GUESTS.entries())
  test(`what was collected of ${name} is inspected as the system itself`, async () => {
    await using server = await runningServer(name, OLD);
    const { view } = await readSurvey(await server.collect(SHELLS[index % SHELLS.length]), { signal });
    const { graph, guest } = await goldenGuest(name);
    const { root, ...storage } = JSON.parse(graph) as BlockGraph & { root: string };
    const { mounts, names } = await readMounts(view, { graph: storage, root: root });
    const found = await inspectGuest(view, { rootNode: root, mounts, names, usedBytes: 2 ** 31 });
    assert.deepEqual(found, (JSON.parse(guest) as { guest: unknown }).guest);
  });

test("no secret gets into the archive", async () => {
  await using server = await runningServer("debian-12-ifupdown", {
    ...OLD,
    files: { ...OLD_SERVER, ...SECRETS },
  });
  for (const shell of [["dash"], ["busybox", "sh"]]) {
    // busybox brings a sed of its own
    const archive = await server.collect(shell);
    const tar = (await run(["gzip", "-dc", archive], { maxOutputBytes: 2 ** 28 })).stdoutBytes;
    assert.equal(tar.includes("verysecret"), false, shell.join(" "));
    assert.ok(tar.includes("wpa-ssid") && tar.includes("GRUB2_PASSWORD"), "the rest of these files is there");
    const names = (await run(["tar", "-tzf", archive])).stdout;
    assert.doesNotMatch(names, /shadow|ssh_host|wpa_supplicant|keys-wlan0|passwd/);
  }
});

test("links of a server never lead the collector, or us, out of the tree", async () => {
  await using server = await runningServer("debian-12-ifupdown", OLD);
  const outside = join(server.root, "../outside");
  await writeFile(outside, "not of this server");
  await run(["ln", "-sf", "../../../../../../../../etc/passwd", join(server.root, "etc/crypttab")]);
  await run(["ln", "-sf", outside, join(server.root, "etc/modules")]);
  await run(["ln", "-s", "loop", join(server.root, "etc/default-loop")]);
  await run(["ln", "-s", "/etc/resolv.conf", join(server.root, "etc/resolv.conf")]);
  const { view } = await readSurvey(await server.collect(), { signal });
  assert.equal(await view.readText("/etc/crypttab"), null);
  assert.equal(await view.readText("/etc/modules"), null);
  assert.equal(await view.readText("/etc/resolv.conf"), null);
  assert.equal(await view.readText("/etc/hostname"), "aurora\n");
});

test("plan --machine: what changes, about how many bytes, and what is done at migration", async () => {
  await using server = await runningServer("debian-12-ifupdown", OLD);
  const archive = await server.collect(["dash"]);
  const inspected = await cli(["inspect", archive]);
  assert.equal(inspected.code, 0, inspected.stderr);
  assert.match(inspected.stdout, /e1000e/);
  const { code, stdout, stderr } = await cli(["plan", "--machine", archive, "--diff"]);
  assert.equal(code, 0, stderr);
  await golden("debian.txt", stdout.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, "DATE"));
});

test("several machines give a table, and CSV; one broken archive does not hide the others", async (t) => {
  const directory = await temporary(t);
  await using debian = await runningServer("debian-12-ifupdown", OLD);
  await using centos = await runningServer("centos-6-ifcfg", MIRRORED);
  const files = [
    join(directory, "web.tar.gz"),
    join(directory, "six.tar.gz"),
    join(directory, "torn.tar.gz"),
  ];
  await writeFile(files[0] ?? "", await readFile(await debian.collect(["dash"])));
  await writeFile(files[1] ?? "", await readFile(await centos.collect(["bash", "--posix"])));
  await writeFile(files[2] ?? "", (await readFile(files[0] ?? "")).subarray(0, 2000));
  const machines = files.flatMap((file) => ["--machine", file]);
  const tidy = (text: string): string => text.replaceAll(`${directory}/`, "");
  const table = await cli(["plan", ...machines]);
  assert.equal(table.code, 2, table.stderr);
  await golden("table.txt", tidy(table.stdout));
  await golden("table.csv", tidy((await cli(["plan", "--csv", ...machines])).stdout));
});

test("what is not an archive, and settings that mean nothing at a desk, are refused with advice", async () => {
  await assertRefused(await cli(["inspect", COLLECTOR]), {
    code: 2,
    says: /not an archive/,
    advises: /--collector/,
  });
  await assertRefused(await cli(["plan", "--machine", "/nonexistent"]), {
    code: 2,
    says: /not there/,
    advises: /anew/,
  });
  await assertRefused(await cli(["plan", "--machine", COLLECTOR, "--to", "dir:/tmp/x"]), {
    code: 2,
    says: /neither --to nor --save/,
    advises: /desk/,
  });
});
