// SPDX-License-Identifier: Apache-2.0
// Mirrored disks: /boot and root on software RAID 1, both disks become disks of the VM.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../src/system/index.ts";
import { migrateMachine, planAgain } from "../support/matrix.ts";

test("root and /boot on mirrors of two disks: it boots, with both members in step", async (t) => {
  const { report, directory } = await migrateMachine(t, "md");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.equal(report.disks.length, 2);
  for (const { usedBytes, sizeBytes } of report.disks) assert.ok(usedBytes < sizeBytes / 2);
  const images = [1, 2].map((number) => join(directory, `md-${number}.img`));
  // The superblocks say which member each is; all else is the same, what was converted too.
  const compared = await run(["cmp", "-l", ...images], { allowCodes: [1], timeoutMs: 120_000 });
  const differing = compared.stdout.split("\n").length;
  assert.ok(differing > 2 && differing < 100, `${differing} bytes differ between the members`);
  assert.deepEqual(await planAgain(directory, images), []);
});
