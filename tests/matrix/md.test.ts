// SPDX-License-Identifier: Apache-2.0
// Mirrored disks: /boot and root on software RAID 1. Both become disks of the VM, or one, with arrays of one member.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { attachLoop, run } from "../../src/system/index.ts";
import { MD_PARTS } from "../support/guests/machines/mirrors/md.ts";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

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
  assert.ok(differing > 2 && differing < 200, `${differing} bytes differ between the members`);
  assert.deepEqual(await planAgain(directory, images), []);
});

test("one disk of the mirror: it boots with whole arrays of one member, and waits for nothing of the other disk", async (t) => {
  const { report, directory, disks } = await migrateMachine(t, "md", ["--mirrors", "one"]);
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.deepEqual(
    report.disks.map(({ path }) => path),
    disks.slice(0, 1),
  );
  assert.deepEqual(
    report.proof.disks.map(({ path, held }) => [path, held]),
    disks.map((path) => [path, true]),
  );
  const image = join(directory, "md-1.img");
  for (const { start, sizeBytes } of MD_PARTS) {
    await using member = await attachLoop(image, { offset: start, sizeBytes, readOnly: true });
    const { stdout } = await run(["mdadm", "--examine", member.path]);
    assert.match(stdout, /Raid Devices : 1\n/);
    assert.match(stdout, /State : clean\n/);
  }
  assert.deepEqual(await planAgain(directory, [image]), []);
});
