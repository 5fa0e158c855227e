// SPDX-License-Identifier: Apache-2.0
// Root and /usr are volumes of LVM over three disks: the initramfs mounts both. A static bond and a VLAN on it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { MachineName } from "../support/guests/machines/index.ts";
import { migrateMachine, planAgain, readWitness } from "../support/vms/matrix.ts";

async function bootsWithAll(t: TestContext, name: MachineName): Promise<void> {
  const { report, directory } = await migrateMachine(t, name);
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  // Names of LVM are right everywhere; only that of the old machine's disk goes.
  const fstab = report.changes.find(({ path }) => path === "/etc/fstab")?.diff ?? "";
  assert.match(fstab, /^\+UUID=b0070e3a-\S+ \/boot /m);
  assert.equal(fstab.match(/^[+-][^+-]/gm)?.length, 2);
  assert.deepEqual(
    report.vm.nics.map(({ name }) => name),
    ["eno1", "eno2"],
  );
  const [usr = "", boot = "", swap = ""] = await readWitness(directory);
  assert.match(usr, /^\/usr 05400e3a-/);
  assert.match(boot, /^\/boot b0070e3a-/);
  assert.match(swap, /^5a9b0e3a-/);
  const images = [1, 2, 3].map((number) => join(directory, `${name}-${number}.img`));
  assert.deepEqual(await planAgain(directory, images), []);
}

test("/usr of its own on LVM over three disks, a bond and a VLAN: it boots with all of them", async (t) => {
  await bootsWithAll(t, "usr-apart");
});

test("the same with sysvinit", async (t) => {
  await bootsWithAll(t, "usr-apart-sysvinit");
});
