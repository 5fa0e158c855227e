// SPDX-License-Identifier: Apache-2.0
// btrfs subvolumes and systemd-boot, whose EFI system partition fstab does not name and no NVRAM entry of the VM knows.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { migrateMachine, planAgain } from "../support/vms/matrix.ts";

test("btrfs subvolumes and systemd-boot with entries: found by partition type, named by UUID, and it boots", async (t) => {
  const { report, directory } = await migrateMachine(t, "btrfs");
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity !== "notes"),
    [],
  );
  const added = report.changes.filter(({ step }) => step === "efi-fallback");
  assert.deepEqual(
    added.map(({ path }) => path),
    ["/boot/efi/EFI/BOOT/BOOTX64.EFI"],
  );
  const entry = report.changes.find(({ path }) => path.startsWith("/boot/efi/loader/entries/"));
  assert.match(
    entry?.diff ?? "",
    /^\+options {4}root=UUID=b7f5f1a0-\S+ rootflags=subvol=@ ro quiet .*console=ttyS0/m,
  );
  const fstab = report.changes.find(({ path }) => path === "/etc/fstab")?.diff ?? "";
  assert.match(fstab, /^\+UUID=b7f5f1a0-\S+ \/home btrfs subvol=@home 0 0$/m);
  const rebuilt = report.changes.filter(({ step }) => step === "initramfs").map(({ path }) => path);
  assert.ok(rebuilt.some((path) => /^\/boot\/efi\/[0-9a-f]{32}\/[^/]+\/initrd\.img-/.test(path)));
  assert.deepEqual(await planAgain(directory, [join(directory, "btrfs-1.img")]), []);
});
