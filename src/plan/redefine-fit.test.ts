// SPDX-License-Identifier: Apache-2.0
// What keeps a finished VM from being defined where its directory was brought to.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { SAMPLE_VM } from "../../lab/samples/vm.ts";
import type { HostFacts, VmDisk, VmModel, VmPlace } from "../core/index.ts";
import { type RedefineFacts, whyNotRedefined } from "./redefine-fit.ts";

const recorded = async (name: string): Promise<HostFacts> =>
  JSON.parse(
    await readFile(new URL(`../../tests/golden/hosts/${name}.json`, import.meta.url), "utf8"),
  ) as HostFacts;

const [DISK] = SAMPLE_VM.disks;
const withDisk = (disk: Partial<VmDisk>): VmModel => {
  assert.ok(DISK);
  return { ...SAMPLE_VM, disks: [{ ...DISK, file: "web-1.img", ...disk }] };
};
const IMAGE = withDisk({});
const VOLUME = withDisk({ volume: "/dev/vg/web" });

async function codes(
  more: Partial<RedefineFacts>,
  { vm = IMAGE, hypervisor = "libvirt" }: { vm?: VmModel; hypervisor?: VmPlace["hypervisor"] } = {},
): Promise<readonly string[]> {
  const place = { hypervisor, kvm: true, networks: [], linkUp: true, autostart: false };
  const facts: RedefineFacts = {
    facts: await recorded("debian-12-libvirt"),
    there: { path: "/vms/web", files: ["web-1.img"], inUse: [] },
    volumes: [],
    before: null,
    ...more,
  };
  return whyNotRedefined(facts, { vm, place }).map(({ severity, code }) => `${severity} ${code}`);
}

test("a directory that was brought whole is enough", async () => {
  assert.deepEqual(await codes({}), []);
  assert.deepEqual(await codes({ volumes: ["/dev/vg/web"] }, { vm: VOLUME }), []);
});

test("a host without a hypervisor, and a Xen that reads no boot disk, are told first", async () => {
  assert.deepEqual(await codes({}, { hypervisor: "files" }), ["stops host-hypervisor-missing"]);
  const vm: VmModel = { ...IMAGE, xen: { type: "pv", loader: "kernel" } };
  assert.deepEqual(await codes({}, { vm, hypervisor: "xen" }), ["stops host-xen-no-loader"]);
  assert.deepEqual(await codes({}, { vm }), [], "libvirt needs no such loader");
});

test("images and volumes that are missing or in use", async () => {
  const there = { path: "/vms/web", files: ["report.json"], inUse: [] };
  assert.deepEqual(await codes({ there }), ["stops destination-missing"]);
  assert.deepEqual(await codes({}, { vm: VOLUME }), ["stops destination-missing"]);
  const running = { path: "/vms/web", files: ["web-1.img"], inUse: ["web-1.img"] };
  assert.deepEqual(await codes({ there: running }), ["stops destination-in-use"]);
});

test("a VM that another hypervisor of the host may still have is not defined twice", async () => {
  const before = { format: "definition/1", uri: null, name: "web", uuid: "", files: [], links: [] } as const;
  const facts = await recorded("debian-12-libvirt");
  assert.deepEqual(await codes({ before: { ...before, hypervisor: "libvirt" } }), []);
  assert.deepEqual(await codes({ before: { ...before, hypervisor: "xen" } }), [], "it has no Xen");
  const both: HostFacts = { ...facts, xen: (await recorded("debian-12-xen")).xen };
  assert.deepEqual(await codes({ facts: both, before: { ...before, hypervisor: "xen" } }), [
    "stops destination-exists",
  ]);
});
