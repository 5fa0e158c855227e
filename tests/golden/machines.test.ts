// SPDX-License-Identifier: Apache-2.0
// Machines that other people recorded, judged by lsblk --sysroot and lscpu --sysroot. What a dump lacks is unknown.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import type { BlockNode, Cpu, Machine } from "../../src/core/index.ts";
import { inspectMachine, devicesInUse } from "../../src/inspect/machine/index.ts";
import { run } from "../../src/system/index.ts";
import { printMachine } from "../../src/ui/print/machine.ts";
import { scratch } from "../support/temporary.ts";

const DUMPS = join(import.meta.dirname, "../../../shared/testdata/machines");
const BLOCK = ["simple-lvm.tar.xz", "simple-nvme.tar.xz"] as const;
const CPU = ["vbox-win.tar.gz", "x86_64-64cpu.tar.gz", "x86_64-dell_e4310.tar.gz"] as const;

const skipReason = (archive: string): string | false => {
  if (!existsSync(join(DUMPS, archive))) return `the recorded machine ${archive} is not there`;
  return existsSync("/usr/bin/lsblk") && existsSync("/usr/bin/lscpu")
    ? false
    : "there is no lsblk or lscpu to judge";
};

const sysroots = new Map<string, Promise<string>>();
const machines = new Map<string, Promise<Machine>>();

const unpacked = await scratch();
after(() => unpacked[Symbol.asyncDispose]());

/** Unpacked once for all tests of this file. */
function unpack(archive: string): Promise<string> {
  return once(sysroots, archive, async () => {
    const directory = join(unpacked.path, archive);
    await mkdir(directory);
    await run(["tar", "-C", directory, "--no-same-owner", "-xf", join(DUMPS, archive)]);
    return join(directory, archive.replace(/\.tar\..*$/, ""));
  });
}

function inspect(archive: string): Promise<Machine> {
  return once(machines, archive, async () =>
    inspectMachine({ sysroot: await unpack(archive), signal: AbortSignal.timeout(60_000) }),
  );
}

function once<T>(made: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const value = made.get(key) ?? make();
  made.set(key, value);
  return value;
}

type Judged = {
  name: string;
  kname: string;
  path: string;
  type: string;
  size: number;
  "log-sec": number;
  pttype: string | null;
  fstype: string | null;
  uuid: string | null;
  model: string | null;
  serial: string | null;
  children?: Judged[] | undefined;
};
const Judged: z.ZodType<Judged> = z.object({
  name: z.string(),
  kname: z.string(),
  path: z.string(),
  type: z.string(),
  size: z.number(),
  "log-sec": z.number(),
  pttype: z.string().nullable(),
  fstype: z.string().nullable(),
  uuid: z.string().nullable(),
  model: z.string().nullable(),
  serial: z.string().nullable(),
  children: z.lazy(() => z.array(Judged)).optional(),
});

/** Each device once, with the names of all devices below it. */
type Flat = Judged & { readonly below: readonly string[] };

async function lsblk(sysroot: string): Promise<readonly Flat[]> {
  const columns = "NAME,KNAME,PATH,TYPE,SIZE,LOG-SEC,PTTYPE,FSTYPE,UUID,MODEL,SERIAL";
  const { stdout } = await run(["lsblk", "--sysroot", sysroot, "--json", "--bytes", "-o", columns]);
  const roots = z.object({ blockdevices: z.array(Judged) }).parse(JSON.parse(stdout)).blockdevices;
  const flat = new Map<string, { device: Judged; below: string[] }>();
  const add = (device: Judged, parent: Judged | null): void => {
    const entry = flat.get(device.kname) ?? { device, below: [] };
    flat.set(device.kname, entry);
    if (parent !== null) entry.below.push(parent.path);
    for (const child of device.children ?? []) add(child, device);
  };
  for (const root of roots) add(root, null);
  return [...flat.values()].map(({ device, below }) => ({ ...device, below }));
}

/** Our rows for devices: contents and "nobody could look" are nodes too, but no devices. */
const isDevice = ({ id }: BlockNode): boolean => !/\/(fs|swap|pv|md|luks|opaque|unknown)$/.test(id);

/** In lsblk's words. */
function typeOf({ id, holds }: BlockNode): string {
  if (id.startsWith("loop:")) return "loop";
  return { disk: "disk", partition: "part", "lvm-lv": "lvm" }[holds.kind as string] ?? holds.kind;
}

for (const archive of BLOCK)
  test(`${archive}: devices equal lsblk's`, { skip: skipReason(archive) }, async () => {
    const sysroot = await unpack(archive);
    const { storage } = await inspect(archive);
    const judged = await lsblk(sysroot);
    const pathOf = (id: string): string => storage.nodes.find((node) => node.id === id)?.path ?? "";
    const ours = storage.nodes.filter(isDevice).map((node) => ({
      path: node.path,
      type: typeOf(node),
      sizeBytes: node.sizeBytes,
      sectorBytes: node.sectorBytes,
      below: storage.edges
        .filter(({ from }) => from === node.id)
        .map(({ to }) => pathOf(to))
        .toSorted(),
    }));
    const theirs = judged.map((device) => ({
      path: device.path,
      type: device.type,
      sizeBytes: device.size,
      sectorBytes: device["log-sec"],
      below: device.below.toSorted(),
    }));
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    assert.ok(theirs.length > 5);
    assert.deepEqual(ours.toSorted(byPath), theirs.toSorted(byPath));
  });

for (const archive of BLOCK)
  test(`${archive}: names, tables and contents equal lsblk's`, { skip: skipReason(archive) }, async () => {
    const sysroot = await unpack(archive);
    const { storage } = await inspect(archive);
    for (const device of await lsblk(sysroot)) {
      const node = storage.nodes.find((one) => isDevice(one) && one.path === device.path);
      assert.ok(node, device.path);
      if (node.holds.kind === "disk") {
        assert.equal(node.holds.model, device.model?.trim() ?? "");
        if (device.serial !== null) assert.equal(node.holds.serial, device.serial.trim());
        assert.equal(
          node.holds.table,
          device.pttype ?? "unknown",
          "the dump has no table: lsblk says nothing",
        );
      }
      if (node.holds.kind === "lvm-lv")
        assert.equal(
          node.holds.name,
          device.name.replaceAll("--", "\0").replace("-", "/").replaceAll("\0", "-"),
        );
      assert.deepEqual([device.fstype, device.uuid], [null, null], "a dump with contents needs more judging");
      const contents = storage.nodes.filter(
        (one) => one.id.startsWith(`${node.id}/`) && one.path === node.path,
      );
      for (const content of contents) if (!isDevice(content)) assert.equal(content.holds.kind, "unknown");
    }
  });

for (const archive of BLOCK)
  test(`${archive}: what it lacks is unknown`, { skip: skipReason(archive) }, async () => {
    const sysroot = await unpack(archive);
    const machine = await inspect(archive);
    const facts = [machine.memoryBytes, machine.clock, machine.firmware, machine.cpu, machine.dmi];
    assert.deepEqual(new Set(facts.map(({ kind }) => kind)), new Set(["unknown"]));
    assert.deepEqual(
      machine.notKnown?.map(({ about }) => about),
      ["nics"],
    );
    // Three disks, each with a table that nobody recorded; lines may break anywhere.
    const words = printMachine(machine).replace(/[\s|]+/g, " ");
    assert.equal(words.match(/partition table unknown/g)?.length, 3);
    const used = await devicesInUse({ sysroot });
    assert.deepEqual(
      ["/dev/sda4", "/dev/sda", "/dev/sda3", "/dev/nvme0n1p3"].map((path) => used.get(path)?.where ?? null),
      ["/", "/", null, "/home/test"],
    );
  });

type LscpuField = { field: string; data: string | null; children?: LscpuField[] | undefined };
const LscpuField: z.ZodType<LscpuField> = z.object({
  field: z.string(),
  data: z.string().nullable(),
  children: z.lazy(() => z.array(LscpuField)).optional(),
});

async function lscpu(sysroot: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run(["lscpu", "--sysroot", sysroot, "--json"]);
  const values = new Map<string, string>();
  const add = ({ field, data, children = [] }: LscpuField): void => {
    if (data !== null) values.set(field.replace(/:$/, ""), data);
    for (const child of children) add(child);
  };
  for (const field of z.object({ lscpu: z.array(LscpuField) }).parse(JSON.parse(stdout)).lscpu) add(field);
  return values;
}

function cpuOf({ cpu }: Machine): Cpu {
  assert.equal(cpu.kind, "known");
  return (cpu as { value: Cpu }).value;
}

for (const archive of CPU)
  test(`${archive}: sockets, cores, threads and model equal lscpu's`, {
    skip: skipReason(archive),
  }, async () => {
    const sysroot = await unpack(archive);
    const { sockets, cores, threads, model } = cpuOf(await inspect(archive));
    const judge = await lscpu(sysroot);
    const number = (field: string): number => Number(judge.get(field));
    assert.ok(number("CPU(s)") > 0);
    assert.deepEqual(threads, { kind: "known", value: number("CPU(s)") });
    assert.deepEqual(sockets, { kind: "known", value: number("Socket(s)") });
    assert.deepEqual(cores, { kind: "known", value: number("Socket(s)") * number("Core(s) per socket") });
    assert.equal(number("CPU(s)"), (cores.kind === "known" ? cores.value : 0) * number("Thread(s) per core"));
    assert.deepEqual(model, { kind: "known", value: judge.get("Model name")?.replace(/\s+/g, " ") });
  });

for (const archive of CPU)
  test(`${archive}: what it lacks is unknown`, { skip: skipReason(archive) }, async () => {
    const machine = await inspect(archive);
    for (const fact of [machine.memoryBytes, machine.clock, machine.firmware, machine.dmi])
      assert.equal(fact.kind, "unknown");
    assert.deepEqual(
      machine.notKnown?.map(({ about }) => about),
      ["nics", "storage"],
    );
    const text = printMachine(machine);
    for (const head of ["Firmware", "Memory", "Clock", "Network", "Storage"])
      assert.match(text, new RegExp(`^${head} +unknown \\(`, "m"));
    assert.doesNotMatch(text, /\b0 (B|sockets|cores|threads)/);
  });
