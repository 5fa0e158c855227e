// SPDX-License-Identifier: Apache-2.0
// Volumes of LVM of which a disk stays behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Holds } from "../core/index.ts";
import { type Bootable, DATA, debian, judge } from "../../tests/support/guests/bootable.ts";
import { CFG, edit, FSTAB } from "../../tests/support/guests/bootable-loaders.ts";

const PV = "bbbbbb-bbbb-bbbb-bbbb-bbbb-bbbb-bbbbbb";
type Of = NonNullable<Extract<Holds, { kind: "lvm-lv" }>["missing"]>["of"];

/** /srv on vg0/data. */
function onVolume(of: Of | null): Bootable {
  const system = debian();
  const missing = of === null ? {} : { missing: { pvs: [PV], of } };
  system.volumes.set(3, { kind: "lvm-lv", uuid: "lv", name: "vg0/data", ...missing });
  edit(FSTAB, `UUID=${DATA}`, "/dev/mapper/vg0-data")(system);
  if (of === "volume") system.parts.set(3, { kind: "opaque", why: "a physical volume of it is missing" });
  return system;
}

async function said(system: Bootable, where: string): Promise<string> {
  const all = (await judge(system)).links.filter(({ place }) => place === where);
  return all.map(({ verdict, why }) => `${verdict}: ${String(why)}`).join("\n");
}

test("a volume that lies on a missing physical volume is not there", async () => {
  assert.match(await said(onVolume(null), "mounts"), /^proven/);
  assert.match(await said(onVolume("volume"), "mounts"), new RegExp(`^broken: .*vg0/data lies on .*${PV}`));
  assert.match(await said(onVolume("copies"), "mounts"), new RegExp(`^assumed: .*RAID of LVM .*${PV}`));
  assert.match(await said(onVolume("group"), "mounts"), new RegExp(`^assumed: .*whole.* lacks .*${PV}`));
});

test("a UUID that is nowhere may lie on it; dracut waits for it; the root may", async () => {
  const system = onVolume("volume");
  edit(FSTAB, "/dev/mapper/vg0-data", `UUID=${DATA}`)(system);
  assert.match(await said(system, "mounts"), new RegExp(`^broken: .*UUID=.*may lie on vg0/data, .*${PV}`));
  const dracut = onVolume("volume");
  delete dracut.files["/usr/sbin/update-initramfs"];
  dracut.files["/usr/bin/dracut"] = { content: "", mode: 0o755 };
  edit(CFG, "ro quiet", "ro rd.lvm.lv=vg0/data quiet")(dracut);
  assert.match(await said(dracut, "initramfs"), /^broken: .*rd\.lvm\.lv=vg0\/data/m);
  const root = onVolume("volume");
  edit(CFG, /root=\S+ ro quiet/, "root=/dev/vg0/data ro quiet")(root);
  assert.match(await said(root, "root"), new RegExp(`^broken: vg0/data lies on .*${PV}`));
});
