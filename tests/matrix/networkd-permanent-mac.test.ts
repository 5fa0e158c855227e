// SPDX-License-Identifier: Apache-2.0
// bullseye on XFS: systemd-networkd finds cards by PermanentMACAddress= alone, and fstab has a volume of NTFS.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain, readWitness } from "../support/vms/matrix.ts";

test("networkd with PermanentMACAddress=, an XFS root and an NTFS volume: it boots with both cards up", async (t) => {
  const { report, directory } = await migrateMachine(t, "permanent-mac");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  assert.deepEqual(
    report.vm.nics.map(({ mac }) => mac),
    ["52:54:00:09:ee:01", "52:54:00:09:ee:02"],
  );
  const fstab = report.changes.find(({ path }) => path === "/etc/fstab")?.diff ?? "";
  assert.match(fstab, /^\+UUID=400719ee-\S+ \/ /m);
  assert.match(fstab, /^\+UUID=[0-9A-F]{16} \/srv\/share ntfs-3g nofail,/m);
  const [root = "", share = "", swap = ""] = await readWitness(directory);
  assert.match(root, /^\/ 400719ee-/);
  assert.equal(share, "apples 3");
  assert.match(swap, /^5a9b19ee-/);
  assert.deepEqual(await planAgain(directory, [join(directory, "permanent-mac-1.img")]), []);
});
