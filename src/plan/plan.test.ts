// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../lab/samples/report.ts";
import { type BlockGraph, type BlockNode, type GuestOS, isVmName, known, UserError } from "../core/index.ts";
import { type Answers, DEFAULT_HOST, DEFAULT_TRANSFER } from "./answers.ts";
import { chooseFirmware } from "./firmware.ts";
import { makeIntent } from "./intent.ts";
import { confirmed } from "./preview.ts";
import { makeVm } from "./vm.ts";

function partition(number: number, type: string): BlockNode {
  const holds = { kind: "partition", number, type, uuid: null, bootable: false } as const;
  return { id: `disk:1/part:${number}`, path: "/x.img", sizeBytes: 1, sectorBytes: 512, holds };
}

const graphOf = (...nodes: readonly BlockNode[]): BlockGraph => ({ nodes, edges: [] });
const ESP = partition(1, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B");
const BIOS_BOOT = partition(2, "21686148-6449-6E6F-744E-656564454649");
const UNKNOWN = { kind: "unknown", why: "image" } as const;

const ANSWERS: Answers = {
  disks: ["/x.img"],
  destination: { kind: "dir", path: "/vms" },
  name: null,
  hypervisor: "auto",
  format: "raw",
  volumes: [],
  memoryBytes: null,
  vcpus: null,
  firmware: null,
  nics: new Map(),
  proof: null,
  bootCheck: true,
  replace: false,
  update: false,
  trustWrites: false,
  asIs: false,
  mirrors: "keep",
  transfer: DEFAULT_TRANSFER,
  host: DEFAULT_HOST,
  skipSteps: [],
};

function foundWith(guest: Partial<GuestOS> | null): Parameters<typeof makeIntent>[1] {
  const report = sampleReport();
  return {
    machine: report.machine,
    machineIsSource: false,
    disks: report.intent.disks,
    storage: graphOf(),
    guest: guest === null || report.guest === null ? null : { ...report.guest, ...guest },
  };
}

test("firmware: the machine decides; a disk is UEFI when it has an ESP and no BIOS boot partition", () => {
  assert.deepEqual(chooseFirmware(UNKNOWN, graphOf(ESP)), { kind: "uefi", secureBoot: false });
  assert.deepEqual(chooseFirmware(UNKNOWN, graphOf(ESP, BIOS_BOOT)), { kind: "bios" });
  assert.deepEqual(chooseFirmware(UNKNOWN, graphOf()), { kind: "bios" });
  assert.deepEqual(chooseFirmware(known({ kind: "bios" }), graphOf(ESP)), { kind: "bios" });
});

test("the VM is named like the host, without its domain; a name that is none is refused", () => {
  assert.equal(makeIntent(ANSWERS, foundWith({ hostname: "aurora.example.org" })).intent.name, "aurora");
  for (const name of ["", "a/b", "../x", "-x", "a b", "x".repeat(64)]) {
    assert.ok(!isVmName(name), name);
    assert.throws(() => makeIntent({ ...ANSWERS, name }, foundWith(null)), UserError);
  }
  assert.throws(() => makeIntent(ANSWERS, foundWith(null)), /has no name/);
});

test("images are proven by `used`, devices by `counters`, unless said otherwise", () => {
  const found = foundWith({});
  assert.equal(makeIntent(ANSWERS, found).intent.proof, "used");
  const device = { ...found, disks: found.disks.map((disk) => ({ ...disk, kind: "device" as const })) };
  assert.equal(makeIntent(ANSWERS, device).intent.proof, "counters");
  assert.equal(makeIntent({ ...ANSWERS, proof: "full" }, found).intent.proof, "full");
});

test("a guest without virtio gets SATA and e1000, a very old one a PC with IDE", () => {
  const kernel = {
    image: "/boot/vmlinuz",
    initramfs: null,
    bootable: true,
    has: { virtio_blk: "absent", virtio_net: "absent" },
  } as const;
  const vmOf = (version: string): ReturnType<typeof makeVm> => {
    const found = foundWith({ kernels: [{ version, ...kernel }] });
    return makeVm(makeIntent(ANSWERS, found).intent, found.guest);
  };
  assert.deepEqual(
    [vmOf("2.6.32-754.el6").disks[0]?.bus, vmOf("2.6.32-754.el6").nics[0]?.model],
    ["sata", "e1000"],
  );
  assert.deepEqual([vmOf("2.6.9-5.EL").machine, vmOf("2.6.9-5.EL").disks[0]?.bus], ["pc", "ide"]);
});

test("problem 18: the disk with /boot, else with the root, is the one to boot, wherever it stands", () => {
  const bootsFrom = (guest: Partial<GuestOS>): readonly boolean[] => {
    const found = foundWith({ mounts: [], ...guest });
    const [disk] = found.disks;
    assert.ok(disk !== undefined);
    const two = {
      ...found,
      disks: [
        { ...disk, number: 1 },
        { ...disk, number: 2 },
      ],
    };
    return makeVm(makeIntent(ANSWERS, two).intent, two.guest).disks.map(({ boot }) => boot);
  };
  const boot = { path: "/boot", spec: "UUID=1", type: "ext4", options: "", node: "disk:2/part:1/fs" };
  assert.deepEqual(bootsFrom({ root: "disk:1/part:1/fs" }), [true, false]);
  assert.deepEqual(bootsFrom({ root: "disk:2/part:1/fs" }), [false, true]);
  assert.deepEqual(bootsFrom({ root: "disk:1/part:1/fs", mounts: [boot] }), [false, true]);
});

test("problem 17: a distribution that is built for a CPU level asks for it", () => {
  const levelOf = (family: string, id: string, version: string): number => {
    const found = foundWith({ family, id, version });
    return makeVm(makeIntent(ANSWERS, found).intent, found.guest).cpuLevel;
  };
  assert.equal(levelOf("redhat", "rocky", "9.4"), 2);
  assert.equal(levelOf("redhat", "rhel", "10.0"), 3);
  assert.equal(levelOf("redhat", "fedora", "41"), 1);
  assert.equal(levelOf("debian", "debian", "12"), 1);
});

test("the same source and name make the same VM, another name another", () => {
  const uuidOf = (name: string): string => {
    const found = foundWith({});
    return makeVm(makeIntent({ ...ANSWERS, name }, found).intent, found.guest).uuid;
  };
  assert.equal(uuidOf("a"), uuidOf("a"));
  assert.notEqual(uuidOf("a"), uuidOf("b"));
  assert.match(uuidOf("a"), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("makeIntent() gives the firmware that was asked for, or what the disks ask for", () => {
  const found = foundWith({});
  const firmware = (answers: Partial<Answers>): unknown =>
    makeIntent({ ...ANSWERS, name: "a", ...answers }, found).intent.firmware;
  assert.deepEqual(firmware({}), chooseFirmware(UNKNOWN, found.storage));
  const secure = { kind: "uefi", secureBoot: true } as const;
  assert.deepEqual(firmware({ firmware: secure }), secure);
});

test("a plan's hash covers what the user saw: edited files by their bytes, generated ones by name", () => {
  const { intent, vm, guest, changes, problems } = sampleReport();
  const place = { hypervisor: "files", kvm: true, networks: [], linkUp: true, autostart: false } as const;
  const preview = {
    format: "plan/1",
    intent,
    vm,
    place,
    guest,
    changes,
    problems,
    chain: null,
    disks: [],
  } as const;
  const [change] = changes;
  assert.ok(change !== undefined && change.after.kind === "bytes");
  const edited = { ...change, after: { ...change.after, sha256: "22".repeat(32) } };
  assert.notEqual(confirmed(preview).sha256, confirmed({ ...preview, changes: [edited] }).sha256);
  const big = { ...change, after: { ...change.after, sizeBytes: 2 ** 25 } };
  const rebuilt = { ...change, after: { ...big.after, sha256: "22".repeat(32) } };
  assert.equal(
    confirmed({ ...preview, changes: [big] }).sha256,
    confirmed({ ...preview, changes: [rebuilt] }).sha256,
  );
});
