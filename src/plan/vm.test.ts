// SPDX-License-Identifier: Apache-2.0
// The machine that a guest's kernels get, by their virtio and the firmware, and on a host that lacks it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { diskGraph, testGuestOS, testIntent } from "../../tests/support/guests/sample-guest.ts";
import { SAMPLE_VM } from "../../lab/samples/vm.ts";
import type { HostFacts, Intent, Kernel, VmModel } from "../core/index.ts";
import { makeVm, vmOnHost } from "./vm.ts";

const VIRTIO = { virtio_pci: "module", virtio_blk: "module", virtio_net: "module" } as const;
const UEFI = { kind: "uefi", secureBoot: true } as const;

function machineOf(kernels: readonly Partial<Kernel>[], firmware: Intent["firmware"] = { kind: "bios" }) {
  const [sample] = testGuestOS().kernels;
  assert.ok(sample);
  const guest = testGuestOS({ kernels: kernels.map((kernel) => ({ ...sample, bootable: true, ...kernel })) });
  const { machine, virtio, disks } = makeVm({ ...testIntent(), firmware }, guest);
  return [machine, virtio ?? "as the machine", disks[0]?.bus];
}

const OLD = { version: "2.6.32-754.el6.x86_64", has: VIRTIO, virtioLegacy: true } as const;
const NEW = { version: "6.1.0-18-amd64", has: VIRTIO };

test("virtio of the old kind decides: pc with BIOS, transitional devices on q35 with UEFI", () => {
  assert.deepEqual(machineOf([NEW]), ["q35", "as the machine", "virtio"]);
  assert.deepEqual(machineOf([OLD]), ["pc", "as the machine", "virtio"]);
  assert.deepEqual(machineOf([NEW, OLD]), ["pc", "as the machine", "virtio"], "a person may choose it");
  assert.deepEqual(machineOf([NEW, { ...OLD, bootable: false }]), ["q35", "as the machine", "virtio"]);
  assert.deepEqual(machineOf([OLD], UEFI), ["q35", "transitional", "virtio"]);
  const none = { ...OLD, has: { virtio_pci: "absent" } } as const;
  assert.deepEqual(machineOf([none]), ["q35", "as the machine", "sata"]);
});

test("where the host has no pc, it is q35 with transitional devices; IDE disks stay, and are reported", () => {
  const facts = { libvirt: { withoutPc: true }, xen: null } as unknown as HostFacts;
  const found = { guest: null, storage: diskGraph() };
  const on = (vm: VmModel, hypervisor: Intent["hypervisor"] = "libvirt"): readonly unknown[] => {
    const { machine, virtio } = vmOnHost(vm, { hypervisor, facts, ...found });
    return [machine, virtio];
  };
  assert.deepEqual(on({ ...SAMPLE_VM, machine: "pc" }), ["q35", "transitional"]);
  assert.deepEqual(on({ ...SAMPLE_VM, machine: "pc" }, "qemu"), ["pc", undefined]);
  assert.deepEqual(on(SAMPLE_VM), ["q35", undefined]);
  const ide = {
    ...SAMPLE_VM,
    machine: "pc",
    disks: SAMPLE_VM.disks.map((disk) => ({ ...disk, bus: "ide" as const })),
  } as const;
  assert.deepEqual(on(ide), ["pc", undefined]);
});
