// SPDX-License-Identifier: Apache-2.0
// XFS root, MODULES=dep, a stale resume=, a bond of two cards and two more cards, all with static addresses.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

test("XFS root, MODULES=dep, stale resume=, a static bond, two static cards: it boots with all of them up", async (t) => {
  const { report, directory } = await migrateMachine(t, "xfs");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.deepEqual(
    report.vm.nics.map(({ name }) => name),
    ["eno1", "eno2", "enp3s0", "enp4s0"],
  );
  const menu = report.changes.find(({ path }) => path === "/boot/grub/grub.cfg")?.diff ?? "";
  assert.doesNotMatch(menu, /^\+.*resume=UUID=dead/m);
  assert.deepEqual(await planAgain(directory, [join(directory, "xfs-1.img")]), []);
});
