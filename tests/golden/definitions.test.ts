// SPDX-License-Identifier: Apache-2.0
// The definitions of virtual machines, as they were reviewed. P2V_UPDATE_GOLDEN=1 writes them anew.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { UserError, type VmModel, type VmPlace } from "../../src/core/index.ts";
import { renderLibvirt, renderProxmox, renderQemuScript, renderXl } from "../../src/vm/index.ts";
import { SAMPLE_VM, SAMPLE_VMS } from "../../lab/samples/vm.ts";

const directory = "/var/lib/libvirt/images";
const KERNEL = { arguments: "root=UUID=aa-bb ro console=hvc0", hasInitramfs: true };

const ON_VOLUMES: VmModel = {
  ...SAMPLE_VM,
  disks: SAMPLE_VM.disks.map((disk) => ({ ...disk, volume: "/dev/vg0/aurora" })),
  xen: { type: "pv", loader: "pygrub" },
};

for (const [name, vm] of Object.entries({ ...SAMPLE_VMS, "on-volumes": ON_VOLUMES })) {
  const rendered = {
    "libvirt.xml": renderLibvirt(vm, { directory }),
    "xl.cfg": renderXl(vm, { directory }),
    "qemu.sh": renderQemuScript(vm),
    "proxmox.sh": renderProxmox(vm),
  };
  for (const [suffix, text] of Object.entries(rendered)) {
    test(`${name}.${suffix} is as reviewed`, async () => {
      const file = new URL(`definitions/${name}.${suffix}.golden`, import.meta.url);
      if (process.env["P2V_UPDATE_GOLDEN"] === "1") await writeFile(file, text);
      assert.equal(text, await readFile(file, "utf8"));
    });
  }
}

test("renderXl() refuses text that no quotes can hold", () => {
  assert.throws(
    () => renderXl({ ...SAMPLE_VM, name: "a\nb" }, { directory }),
    (error) => error instanceof UserError && error.code === "xl-text",
  );
});

test("renderXl() escapes as xl reads it", () => {
  const text = renderXl({ ...SAMPLE_VM, name: `a"b\\c'd` }, { directory });
  assert.match(text, /^name = "a\\"b\\\\c'd"$/m);
});

test("problem 25: unplugged, a clone has every cable down until a person says otherwise", () => {
  const place = PLACES["unplugged"];
  assert.ok(place !== undefined);
  const xml = renderLibvirt(SAMPLE_VM, { directory, place });
  assert.equal(xml.match(/<link state="down"\/>/g)?.length, SAMPLE_VM.nics.length);
});

test("no definition lets a name begin a line of its own", () => {
  const vm = { ...SAMPLE_VM, name: "a\nexec evil" };
  assert.doesNotMatch(renderQemuScript(vm).split("\n").slice(0, 12).join("\n"), /^exec evil/m);
});

/** Where one host differs from the next: its networks, its CPU, cables that are unplugged. */
const PLACES: Readonly<Record<string, VmPlace>> = {
  "libvirt-bridge-tcg": {
    hypervisor: "libvirt",
    kvm: false,
    networks: [
      { kind: "bridge", name: "br0" },
      { kind: "ovs-bridge", name: "ovs1" },
    ],
    linkUp: true,
    autostart: false,
  },
  unplugged: {
    hypervisor: "xen",
    kvm: true,
    networks: [{ kind: "bridge", name: "xenbr1" }, null],
    linkUp: false,
    autostart: true,
  },
};

for (const [name, place] of Object.entries(PLACES)) {
  const vm = SAMPLE_VMS["uefi-secure-two-disks"] ?? SAMPLE_VM;
  const rendered = {
    "libvirt.xml": renderLibvirt(vm, { directory, place }),
    "xl.cfg": renderXl(
      { ...vm, xen: { type: "pv", loader: "kernel" } },
      { directory, place, kernel: KERNEL },
    ),
    "proxmox.sh": renderProxmox(vm, { place }),
  };
  for (const [suffix, text] of Object.entries(rendered))
    test(`${name}.${suffix} is as reviewed`, async () => {
      const file = new URL(`definitions/${name}.${suffix}.golden`, import.meta.url);
      if (process.env["P2V_UPDATE_GOLDEN"] === "1") await writeFile(file, text);
      assert.equal(text, await readFile(file, "utf8"));
    });
}
