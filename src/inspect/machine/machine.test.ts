// SPDX-License-Identifier: Apache-2.0
// A whole recorded machine in memory: facts, graph, and what is in use.
import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { deviceFiles } from "../../../tests/support/sample-disks.ts";
import { sampleMachineFiles, sampleSysroot } from "../../../tests/support/sample-machine.ts";
import { type BlockNode, known, type Machine, UserError } from "../../core/index.ts";
import { run } from "../../system/index.ts";
import { inspectMachine, readMachine } from "./machine.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const signal = new AbortController().signal;
const GIB = 2 ** 30;

async function inspectSample(files = sampleMachineFiles()): Promise<Machine> {
  return await readMachine(sampleSysroot(files), { signal });
}

const nodeOf = ({ storage }: Machine, id: string): BlockNode => {
  const node = storage.nodes.find((one) => one.id === id);
  assert.ok(node, `${id} is missing among ${storage.nodes.map((one) => one.id).join(" ")}`);
  return node;
};
const below = ({ storage }: Machine, id: string): string[] =>
  storage.edges.filter(({ from }) => from === id).map(({ to }) => to);

test("readMachine() tells the facts of the sample", async () => {
  const machine = await inspectSample();
  assert.equal(machine.name, "db01");
  assert.equal(machine.arch, "x86_64");
  assert.deepEqual(machine.memoryBytes, known(32 * GIB));
  assert.deepEqual(machine.clock, known("local"));
  assert.deepEqual(machine.cpu, {
    kind: "known",
    value: {
      sockets: known(2),
      cores: known(4),
      threads: known(8),
      model: known("Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz"),
      level: known(3),
    },
  });
  assert.ok(machine.dmi.kind === "known" && machine.dmi.value.serial === null);
  assert.ok(machine.firmware.kind === "known" && machine.firmware.value.kind === "uefi");
  assert.equal(machine.firmware.value.secureBoot, true);
  assert.deepEqual(
    machine.firmware.value.bootEntries.map(({ label, active }) => [label, active]),
    [
      ["debian", true],
      ["PXE", false],
    ],
  );
  assert.equal(machine.notKnown, undefined);
});

test("readMachine() lists real cards only, each with its own address", async () => {
  const { nics } = await inspectSample();
  assert.deepEqual(nics, [
    {
      name: "eno1",
      mac: "24:6e:96:00:00:01",
      driver: "ixgbe",
      speedMbit: 10_000,
      carrier: true,
      bus: "0000:05:00.0",
    },
    {
      name: "eno2",
      mac: "24:6e:96:00:00:02",
      driver: "ixgbe",
      speedMbit: null,
      carrier: false,
      bus: "0000:05:00.0",
    },
  ]);
});

test("readMachine() finds disks and leaves out what is none", async () => {
  const { storage } = await inspectSample();
  const disks = storage.nodes.filter(({ id }) => /^disk:[^/]+$/.test(id)).map(({ path }) => path);
  assert.deepEqual(disks, [
    "/dev/cciss/c0d0",
    "/dev/mmcblk0",
    "/dev/nvme0n1",
    "/dev/sda",
    "/dev/sdb",
    "/dev/sdd",
    "/dev/sde",
  ]);
});

test("readMachine() reads models, serials, sectors, tables and partitions", async () => {
  const machine = await inspectSample();
  assert.deepEqual(nodeOf(machine, "disk:sda").holds, {
    kind: "disk",
    serial: "SN-sda",
    model: "SAMSUNG MZ7KM480",
    table: "gpt",
  });
  assert.equal(nodeOf(machine, "disk:nvme0n1").sectorBytes, 4096);
  assert.equal(nodeOf(machine, "disk:nvme0n1").sizeBytes, 32 * GIB);
  assert.deepEqual(nodeOf(machine, "part:cciss!c0d0p1").holds, {
    kind: "partition",
    number: 1,
    type: "83",
    uuid: "0badcafe-01",
    bootable: true,
  });
  assert.deepEqual(machine.storage.edges.find(({ from }) => from === "part:cciss!c0d0p1")?.map, [
    { from: 0, to: 63 * 512, length: 2 * GIB },
  ]);
  assert.deepEqual(nodeOf(machine, "part:sda1/fs").holds, {
    kind: "filesystem",
    type: "vfat",
    uuid: "A1B2-C3D4",
    label: "EFI boot",
  });
});

test("readMachine() builds LVM on RAID 1 on both disks", async () => {
  const machine = await inspectSample();
  assert.deepEqual(below(machine, "lv:vg-0/root"), ["md:md127/pv"]);
  assert.deepEqual(below(machine, "md:md127/pv"), ["md:md127"]);
  assert.deepEqual(below(machine, "md:md127"), ["part:sda2/md", "part:sdb2/md"]);
  assert.deepEqual(nodeOf(machine, "md:md127").holds, {
    kind: "md",
    uuid: "5a2f8ac9-3b1c-4d27-9b39-9f5a1c1f0b11",
    name: "data",
    level: "raid1",
  });
  assert.equal(nodeOf(machine, "lv:vg-0/root").path, "/dev/mapper/vg--0-root");
});

test("readMachine() sees through LUKS and multipath", async () => {
  const machine = await inspectSample();
  assert.deepEqual(below(machine, "dm:dm-2"), ["disk:nvme0n1/luks"]);
  assert.equal(nodeOf(machine, "dm:dm-2/fs").holds.kind, "filesystem");
  assert.deepEqual(below(machine, "dm:dm-3"), ["disk:sdd", "disk:sde"]);
  assert.equal(nodeOf(machine, "dm:dm-3").holds.kind, "disk");
  assert.equal(nodeOf(machine, "dm:dm-4").holds.kind, "partition");
});

test("what a recording lacks is unknown, never 0 or none", async () => {
  const machine = await inspectSample({ "/proc/version": "Linux version 6.1\n" });
  for (const fact of [machine.memoryBytes, machine.clock, machine.firmware, machine.cpu, machine.dmi])
    assert.equal(fact.kind, "unknown");
  assert.deepEqual(
    machine.notKnown?.map(({ about }) => about),
    ["nics", "storage"],
  );
});

test("a disk without a size is named, not shown as 0 bytes", async () => {
  const files = deviceFiles({ name: "sda", devno: "8:0", size: 1 });
  for (const size of ["-5\n", "NaN\n", "", "99999999999999999999\n"]) {
    const machine = await inspectSample({
      ...files,
      "/sys/devices/pci0000:00/0000:00:1f.2/host0/block/sda/size": size,
    });
    assert.deepEqual(machine.storage.nodes, []);
    assert.ok(machine.notKnown?.some(({ about, why }) => about === "/dev/sda" && /size/.test(why)));
  }
});

test("volumes that lie on each other do not close a circle", async () => {
  const dm = (minor: number, slave: string) =>
    deviceFiles({
      name: `dm-${minor}`,
      devno: `253:${minor}`,
      size: 8,
      attributes: { "dm/name": `v${minor}\n`, [`slaves/${slave}`]: { link: "/" } },
    });
  const { storage } = await inspectSample({ ...dm(0, "dm-1"), ...dm(1, "dm-0"), ...dm(2, "dm-2") });
  const between = storage.edges.filter(({ from, to }) => /^dm:dm-\d$/.test(from) && /^dm:dm-\d$/.test(to));
  assert.equal(between.length, 1);
});

test("inspectMachine() refuses a directory that is not a recording", async (t) => {
  const directory = await temporary(t);
  const isCode = (code: string) => (error: unknown) => error instanceof UserError && error.code === code;
  await assert.rejects(inspectMachine({ sysroot: directory, signal }), isCode("sysroot-empty"));
  await assert.rejects(
    inspectMachine({ sysroot: join(directory, "none"), signal }),
    isCode("sysroot-missing"),
  );
});

test("inspectMachine() stops when it is told to", async () => {
  await assert.rejects(inspectMachine({ signal: AbortSignal.abort(new Error("stop")) }), /stop/);
});

test("inspectMachine() stays inside the recording, and opens no fifo", async (t) => {
  const outside = await temporary(t);
  const sysroot = join(outside, "recording");
  const disk = join(sysroot, "sys/block/sda");
  await mkdir(join(disk, "device"), { recursive: true });
  await mkdir(join(sysroot, "sys/inside"), { recursive: true });
  await writeFile(join(outside, "size"), "4096\n");
  await writeFile(join(outside, "model"), "OUTSIDE\n");
  await writeFile(join(sysroot, "sys/inside/size"), "2048\n");
  // Absolute: resolved inside the root.
  await symlink("/sys/inside/size", join(disk, "size"));
  await symlink(join(outside, "model"), join(disk, "device/model"));
  await symlink("../../../../../../../../model", join(disk, "device/vendor"));
  await symlink("serial", join(disk, "device/serial"));
  await run(["mkfifo", join(disk, "dev")]);
  const machine = await inspectMachine({ sysroot, signal });
  const node = nodeOf(machine, "disk:sda");
  assert.equal(node.sizeBytes, 2048 * 512);
  assert.deepEqual(node.holds, { kind: "disk", serial: null, model: "", table: "unknown" });
});
