// SPDX-License-Identifier: Apache-2.0
// extlinux as the boot loader, from a /boot of its own.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

test("extlinux: root= is named by UUID, its menu speaks on the serial console, and it boots", async (t) => {
  const { report, directory } = await migrateMachine(t, "extlinux");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  const menu = report.changes.find(({ path }) => path === "/boot/extlinux/extlinux.conf")?.diff ?? "";
  assert.match(menu, /^\+\tAPPEND root=UUID=40071a5a-\S+ ro quiet .*console=ttyS0/m);
  assert.deepEqual(await planAgain(directory, [join(directory, "extlinux-1.img")]), []);
});
