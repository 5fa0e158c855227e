// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { SAMPLE_VM, SAMPLE_VMS } from "../../../lab/samples/vm.ts";
import { type CheckVm, renderCheckArgv } from "./argv.ts";

const check = (changes: Partial<CheckVm> = {}): CheckVm => ({
  qemu: "/usr/bin/qemu-system-x86_64",
  vm: SAMPLE_VM,
  accelerator: "tcg",
  disks: [{ image: "/vms/a,b/aurora-1.img", layer: "/vms/c/layer-1.qcow2", top: "/vms/c/top-1.qcow2" }],
  firmware: null,
  serialFile: "/vms/c/serial.log",
  pidFile: "/vms/c/qemu.pid",
  memoryBytes: 2 ** 30,
  vcpus: 2,
  ...changes,
});

/** What follows each `option`. */
function after(argv: readonly string[], option: string): readonly string[] {
  return argv.flatMap((word, index) => (word === option ? [argv[index + 1] ?? ""] : []));
}

const nodes = (argv: readonly string[]): readonly Record<string, unknown>[] =>
  after(argv, "-blockdev").map((text) => JSON.parse(text) as Record<string, unknown>);

test("only the throw-away file can be written", () => {
  const [image, layer, top, ...more] = nodes(renderCheckArgv(check()));
  assert.deepEqual(more, []);
  const file = (filename: string) => ({ driver: "file", filename, "read-only": true });
  assert.deepEqual(image, {
    driver: "raw",
    "node-name": "image0",
    "read-only": true,
    file: file("/vms/a,b/aurora-1.img"),
  });
  assert.deepEqual(layer, {
    driver: "qcow2",
    "node-name": "layer0",
    "read-only": true,
    file: file("/vms/c/layer-1.qcow2"),
    backing: "image0",
  });
  assert.equal(top?.["backing"], "layer0");
  assert.equal(top?.["read-only"], undefined);
});

test("a qcow2 image's own backing file is never followed", () => {
  const vm = SAMPLE_VMS["uefi-secure-two-disks"];
  assert.ok(vm);
  const disk = { image: "/vms/x.qcow2", layer: null, top: "/vms/top.qcow2" };
  const argv = renderCheckArgv(check({ vm, disks: [disk, disk] }));
  const [image, top] = nodes(argv);
  assert.equal(image?.["backing"], null);
  assert.equal(top?.["backing"], "image0");
  assert.match(after(argv, "-device").join(" "), /drive=top1,bootindex=1/);
});

test("every network of the check is closed, and of its own", () => {
  const vm = SAMPLE_VMS["uefi-secure-two-disks"];
  assert.ok(vm);
  assert.deepEqual(after(renderCheckArgv(check({ vm, disks: [] })), "-netdev"), [
    "user,id=net0,restrict=on,net=10.0.2.0/24",
    "user,id=net1,restrict=on,net=10.0.3.0/24",
  ]);
});

test("KVM shows the host's CPU; an emulated one has no 5-level paging", () => {
  assert.deepEqual(after(renderCheckArgv(check()), "-cpu"), ["max,la57=off"]);
  assert.deepEqual(after(renderCheckArgv(check({ accelerator: "kvm" })), "-cpu"), ["host"]);
  assert.deepEqual(after(renderCheckArgv(check({ accelerator: "kvm" })), "-accel"), ["kvm"]);
});

test("the firmware's code is read-only, commas are kept", () => {
  const argv = renderCheckArgv(check({ firmware: { code: "/a,b/code.fd", vars: "/c/vars.fd" } }));
  assert.deepEqual(after(argv, "-drive"), [
    "if=pflash,format=raw,unit=0,readonly=on,file=/a,,b/code.fd",
    "if=pflash,format=raw,unit=1,file=/c/vars.fd",
  ]);
});

test("on q35 the check has what libvirt makes: a PCI Express port for each device of virtio", () => {
  const devices = after(renderCheckArgv(check()), "-device");
  assert.deepEqual(devices.slice(1), [
    "pcie-root-port,id=p2vport0,bus=pcie.0,chassis=100,addr=0x10.0,multifunction=on",
    "virtio-blk-pci,bus=p2vport0,drive=top0,bootindex=1",
    "pcie-root-port,id=p2vport1,bus=pcie.0,chassis=101,addr=0x10.1",
    "virtio-net-pci,bus=p2vport1,netdev=net0,mac=52:54:00:12:34:56",
  ]);
  for (const vm of [
    { ...SAMPLE_VM, machine: "pc" },
    { ...SAMPLE_VM, virtio: "transitional" },
  ] as const)
    assert.doesNotMatch(after(renderCheckArgv(check({ vm })), "-device").join(" "), /port/);
});
