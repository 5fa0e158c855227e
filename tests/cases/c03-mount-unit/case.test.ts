// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { machineCase } from "../../support/machine-case.ts";

machineCase(import.meta, {
  machine: "systemd's own units mount /dev/sdb1 and use /dev/sda2 as swap; fstab has neither",
  right: "both name UUIDs, and the swap's unit and the link that starts it are renamed with their device",
  disks: ["sda.img", "sdb.img"],
  check({ added, preview }) {
    const units = "/etc/systemd/system";
    assert.deepEqual(added(`${units}/srv-data.mount`), [
      "What=/dev/disk/by-uuid/11111111-aaaa-4bbb-8ccc-000000000003",
    ]);
    const name = "dev-disk-by\\x2duuid-11111111\\x2daaaa\\x2d4bbb\\x2d8ccc\\x2d000000000002.swap";
    const link = preview.changes.find(({ path }) => path === `${units}/swap.target.wants/${name}`)?.after;
    assert.ok(link?.kind === "link");
    assert.equal(link.target, `../${name}`);
    for (const path of [`${units}/dev-sda2.swap`, `${units}/swap.target.wants/dev-sda2.swap`])
      assert.equal(preview.changes.find((change) => change.path === path)?.after.kind, "absent");
  },
});
