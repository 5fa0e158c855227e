// SPDX-License-Identifier: Apache-2.0
// LVM over two disks: the root in two pieces, /var and swap as volumes of their own; dracut for this host only.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

test("root, /var and swap on LVM over two disks, dracut hostonly: it boots with its network, and is converted once", async (t) => {
  const { report, directory } = await migrateMachine(t, "lvm-dracut");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.equal(report.disks.length, 2);
  // Names of LVM are right everywhere; only that of the controller's disk goes.
  const fstab = report.changes.find(({ path }) => path === "/etc/fstab")?.diff ?? "";
  assert.match(fstab, /^-\/dev\/sda1 /m);
  assert.match(fstab, /^\+UUID=\S+ +\/boot/m);
  assert.equal(fstab.match(/^[+-][^+-]/gm)?.length, 2);
  const rebuilt = report.changes.filter(({ step }) => step === "initramfs").map(({ path }) => path);
  assert.equal(rebuilt.filter((path) => path.startsWith("/boot/initrd.img-")).length, 1);
  const images = [1, 2].map((number) => join(directory, `lvm-dracut-${number}.img`));
  assert.deepEqual(await planAgain(directory, images), []);
});
