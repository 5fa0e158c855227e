// SPDX-License-Identifier: Apache-2.0
// Two kernels of two releases side by side: each gets its drivers, and the older one, which the menu names, starts the VM.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

test("two kernels, the older one default: both are converted, and the older one boots", async (t) => {
  const { report, directory } = await migrateMachine(t, "kernels");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  const images = report.changes.flatMap(({ path }) => /^\/boot\/initrd\.img-(.+)$/.exec(path)?.[1] ?? []);
  assert.deepEqual(images.map((version) => version.split(".", 2).join(".")).toSorted(), ["6.1", "6.12"]);
  const probe = /P2V-PROBE (.*)/.exec(await readFile(join(directory, "console.log"), "utf8"))?.[1] ?? "";
  assert.match(probe, /"kernel":"6\.1\./);
  assert.deepEqual(await planAgain(directory, [join(directory, "kernels-1.img")]), []);
});
