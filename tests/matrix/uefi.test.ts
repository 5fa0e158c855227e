// SPDX-License-Identifier: Apache-2.0
// GPT and UEFI on an NVMe drive, started by an NVRAM entry only: the VM has no such entry, and no such drive.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

test("a UEFI machine without fallback loader, NVMe names everywhere: shim gets its place, and it boots", async (t) => {
  const { report, directory } = await migrateMachine(t, "uefi");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.equal(report.vm.firmware.kind, "uefi");
  const added = report.changes.filter(({ step }) => step === "efi-fallback");
  assert.deepEqual(
    added.map(({ path }) => path).toSorted(),
    ["BOOTX64.EFI", "fbx64.efi", "grubx64.efi", "mmx64.efi"].map((name) => `/boot/efi/EFI/BOOT/${name}`),
  );
  const diffs = report.changes.map(({ diff }) => diff ?? "").join("\n");
  for (const name of ["/", "/boot", "/boot/efi", "none"])
    assert.match(diffs, new RegExp(`^\\+UUID=\\S+ ${name} `, "m"));
  assert.match(diffs, /^\+.* root=UUID=4007e1a0\S+ .*resume=UUID=5a9be1a0/m);
  assert.doesNotMatch(diffs, /^\+.*nvme/m);
  assert.deepEqual(await planAgain(directory, [join(directory, "uefi-1.img")]), []);
});
