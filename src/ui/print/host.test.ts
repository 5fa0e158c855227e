// SPDX-License-Identifier: Apache-2.0
// A host in text, from recorded answers.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { HostFacts } from "../../core/index.ts";
import { printHost } from "./host.ts";

const recorded = async (name: string): Promise<HostFacts> =>
  JSON.parse(
    await readFile(new URL(`../../../tests/golden/hosts/${name}.json`, import.meta.url), "utf8"),
  ) as HostFacts;

test("printHost() shows a Xen host", async () => {
  assert.equal(
    printHost(await recorded("xen-with-guests")),
    [
      "Host         root@host, Debian GNU/Linux 12 (bookworm), x86_64",
      "User         root",
      "VMs run by   Xen",
      "             Xen 4.17.5 (pv, pvh, hvm)",
      "CPU          QEMU Virtual CPU version 2.5+ (x86-64-v1), 2 threads",
      "Memory       3.4 GiB free of 4.9 GiB",
      "Storage      /srv/vms: directory, 12.3 GiB free of 13.7 GiB",
      "             /var/lib/xen/images: directory, 12.3 GiB free of 13.7 GiB",
      "             vg0: volume group, 115 GiB free of 466 GiB",
      "             tank: ZFS pool, 373 GiB free of 932 GiB",
      "Networks     xenbr0: bridge",
      "VMs          mail (runs)",
    ].join("\n"),
  );
});

test("printHost() says what cannot be used, in 80 columns", async () => {
  for (const name of ["debian-12-libvirt", "libvirt-stopped", "proxmox-8", "xen-without-rights"]) {
    const text = printHost(await recorded(name));
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  }
  assert.match(printHost(await recorded("xen-without-rights")), /cannot be used/);
  assert.match(printHost(await recorded("libvirt-stopped")), /libvirt unknown \(it does not answer\) at/);
  assert.match(
    printHost(await recorded("proxmox-8")),
    /local-lvm: Proxmox storage \(lvmthin\), 751 GiB free/,
  );
});

test("printHost() lists twenty VMs, and counts the others", async () => {
  const facts = await recorded("xen-with-guests");
  const [vm] = facts.vms;
  assert.ok(vm);
  const vms = Array.from({ length: 23 }, (_, index) => ({ ...vm, name: `vm${index}` }));
  assert.match(printHost({ ...facts, vms }), /vm19 \(runs\)\n {13}and 3 more$/);
});
