// SPDX-License-Identifier: Apache-2.0
// Where a VM belongs on recorded hosts, and what stands in its way there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { SAMPLE_VM } from "../../lab/samples/vm.ts";
import type { HostFacts, Hypervisor, VmModel } from "../core/index.ts";
import { DEFAULT_HOST, type HostAnswers } from "./answers.ts";
import { checkFit } from "./host-fit.ts";
import { choosePlace, settleHypervisor } from "./place.ts";

const recorded = async (name: string): Promise<HostFacts> =>
  JSON.parse(
    await readFile(new URL(`../../tests/golden/hosts/${name}.json`, import.meta.url), "utf8"),
  ) as HostFacts;

type Case = {
  readonly vm?: Partial<VmModel>;
  readonly asked?: Hypervisor;
  readonly host?: Partial<HostAnswers>;
  readonly ours?: boolean;
};

function codes(facts: HostFacts, { vm, asked = "auto", host, ours = false }: Case = {}): readonly string[] {
  const hypervisor = settleHypervisor(asked, facts);
  const model = { ...SAMPLE_VM, ...vm };
  const place = choosePlace(model, { hypervisor, facts, host: { ...DEFAULT_HOST, ...host } });
  return checkFit(facts, { hypervisor, vm: model, place, ours }).map(
    ({ severity, code }) => `${severity} ${code}`,
  );
}

const only = (network: string): Partial<HostAnswers> => ({ networks: new Map([["*", network]]) });

test("settleHypervisor() takes what the host is, unless another was asked for", async () => {
  assert.equal(settleHypervisor("auto", await recorded("debian-12-libvirt")), "libvirt");
  assert.equal(settleHypervisor("auto", await recorded("debian-12-xen")), "xen");
  assert.equal(settleHypervisor("auto", await recorded("proxmox-8")), "proxmox");
  assert.equal(settleHypervisor("qemu", await recorded("debian-12-xen")), "qemu");
  assert.equal(settleHypervisor("auto", { ...(await recorded("debian-12-xen")), kind: "none" }), "auto");
  assert.equal(settleHypervisor("auto", null), "auto");
});

test("choosePlace() connects to the usual network, or to those that were named", async () => {
  const network = async (name: string, host: Partial<HostAnswers> = {}): Promise<unknown> => {
    const facts = await recorded(name);
    const hypervisor = settleHypervisor("auto", facts);
    return choosePlace(SAMPLE_VM, { hypervisor, facts, host: { ...DEFAULT_HOST, ...host } }).networks[0];
  };
  assert.deepEqual(await network("debian-12-xen"), { kind: "bridge", name: "xenbr0" });
  assert.deepEqual(await network("debian-12-libvirt"), { kind: "libvirt-network", name: "default" });
  assert.deepEqual(await network("proxmox-8"), { kind: "bridge", name: "vmbr0" });
  assert.deepEqual(await network("proxmox-8", { networks: new Map([["enp3s0", "vmbr1"]]) }), {
    kind: "bridge",
    name: "vmbr1",
  });
  assert.equal(await network("libvirt-stopped"), null);
});

test("nothing stands in the way of a VM that fits", async () => {
  assert.deepEqual(codes(await recorded("debian-12-xen")), []);
  assert.deepEqual(codes(await recorded("proxmox-8")), []);
  assert.deepEqual(codes(await recorded("debian-12-libvirt")), ["warns host-network-down"]);
});

test("a clock that is wrong there is told, minutes are not", async () => {
  const xen = await recorded("debian-12-xen");
  const ahead = (value: number): readonly string[] =>
    codes({ ...xen, clockAheadSeconds: { kind: "known", value } });
  assert.deepEqual(ahead(-120), []);
  assert.deepEqual(ahead(121), ["warns host-clock"]);
  assert.deepEqual(ahead(-9000), ["warns host-clock"]);
});

test("what the host cannot do stops, each with its own code", async () => {
  const libvirt = await recorded("debian-12-libvirt");
  const xen = await recorded("xen-with-guests");
  assert.deepEqual(codes(await recorded("libvirt-stopped")), ["stops host-libvirt-stopped"]);
  assert.deepEqual(codes(await recorded("xen-without-rights")), ["stops host-xl-rights"]);
  assert.deepEqual(codes(libvirt, { asked: "xen" }), ["stops host-hypervisor-missing"]);
  assert.deepEqual(codes(await recorded("libvirt-stopped"), { asked: "qemu" }), [], "files need nothing");
  assert.deepEqual(codes(xen, { vm: { name: "mail" } }), ["stops destination-name-taken"]);
  assert.deepEqual(
    codes(xen, { vm: { nics: [{ name: "eth0", mac: "00:16:3e:11:22:33", model: "virtio" }] } }),
    ["stops host-mac-taken"],
  );
  assert.deepEqual(codes(xen, { vm: { memoryBytes: 6 * 2 ** 30 } }), ["stops host-memory"]);
  assert.deepEqual(codes(xen, { vm: { memoryBytes: 4 * 2 ** 30 } }), ["warns host-memory"]);
  assert.deepEqual(codes(xen, { vm: { cpuLevel: 2 } }), ["stops host-cpu-level"]);
  assert.deepEqual(codes(xen, { host: only("br7") }), ["stops host-network-missing"]);
  assert.deepEqual(codes({ ...xen, networks: [] }), ["warns host-no-network"]);
});

test("an emulated CPU has every level", async () => {
  const facts = await recorded("debian-12-libvirt");
  const old: HostFacts = { ...facts, cpu: { ...facts.cpu, level: { kind: "known", value: 1 } } };
  const more = { host: only("default"), vm: { cpuLevel: 3 as const } };
  assert.ok(codes(old, more).includes("stops host-cpu-level"));
  assert.ok(facts.libvirt);
  assert.deepEqual(codes({ ...old, libvirt: { ...facts.libvirt, kvm: false } }, more), [
    "warns host-network-down",
  ]);
});

test("a UEFI guest needs the firmware on the host", async () => {
  const facts = await recorded("debian-12-libvirt");
  assert.ok(facts.libvirt);
  const secure = { firmware: { kind: "uefi", secureBoot: true } } as const;
  const uefi = (plain: boolean, secureBoot: boolean): HostFacts => ({
    ...facts,
    networks: facts.networks.map((one) => ({ ...one, active: true })),
    libvirt: { ...facts.libvirt!, uefi: { plain, secureBoot } },
  });
  assert.deepEqual(codes(uefi(true, true), { vm: secure }), []);
  assert.deepEqual(codes(uefi(true, false), { vm: secure }), ["stops host-no-secure-boot"]);
  assert.deepEqual(codes(uefi(false, false), { vm: secure }), ["stops host-no-uefi"]);
  const hvm = { ...secure, xen: { type: "hvm", loader: "firmware" } } as const;
  assert.deepEqual(codes(await recorded("xen-with-guests"), { vm: hvm }), ["stops host-no-uefi"]);
});

test("our own VM may be defined again, but not while it runs", async () => {
  const facts = await recorded("xen-with-guests");
  const vm = { name: "mail", uuid: "9f1b7f6e-5d1c-4f3a-9f57-0d8d0f2c8b11" };
  assert.deepEqual(codes(facts, { vm, ours: true }), ["stops destination-in-use"]);
  const off = { ...facts, vms: facts.vms.map((one) => ({ ...one, running: false })) };
  assert.deepEqual(codes(off, { vm, ours: true }), []);
  assert.deepEqual(codes(off, { vm }), ["stops destination-name-taken"]);
});

test("IDE disks need the machine pc, which RHEL 10 does not have", async () => {
  const facts = await recorded("debian-12-libvirt");
  assert.ok(facts.libvirt);
  const rhel10 = { ...facts, libvirt: { ...facts.libvirt, withoutPc: true } } as const;
  const vm = { machine: "pc" } as const;
  assert.ok(codes(rhel10, { vm }).includes("stops host-no-machine"));
  assert.ok(!codes(facts, { vm }).includes("stops host-no-machine"));
});
