// SPDX-License-Identifier: Apache-2.0
// The old firmware's boot menu on a real libvirtd: it is in the store that libvirt chose, and the VM starts by it.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { known, type Report } from "../../src/core/index.ts";
import { chooseBootEntries } from "../../src/plan/boot-entries.ts";
import { cli } from "../support/cli.ts";
import { dialog } from "../support/dialog.ts";
import { startLibvirtHost } from "../support/vms/libvirt-host.ts";
import { machineDisks } from "../support/guests/machines/index.ts";

test("a UEFI machine's boot entries start its loader under libvirt", { timeout: 15 * 60_000 }, async (t) => {
  const [source = ""] = await machineDisks("uefi", { signal: t.signal });
  await using host = await startLibvirtHost({ signal: t.signal });
  const to = ["--to", `ssh://${host.hostAlias}${host.images}`, "--ssh-config", host.sshConfigPath];
  const how = ["--name", "elm", "--memory", "1G", "--no-boot-check", "--yes"];
  const ended = await cli(["migrate", "--disk", source, ...to, ...how], { timeoutMs: 600_000 });
  assert.equal(ended.code, 0, `${ended.stderr}${host.log()}`);

  // A disk image has no firmware: what one would have had is put into the report, and the VM is defined by it again.
  const file = join(host.images, "elm/report.json");
  const report = JSON.parse(await readFile(file, "utf8")) as Report;
  const { storage } = report.intent;
  const esp = storage.nodes.find(
    ({ holds }) => holds.kind === "partition" && holds.type.startsWith("C12A7328"),
  );
  const uuid = esp?.holds.kind === "partition" ? esp.holds.uuid : null;
  const path = `HD(1,GPT,${uuid})/\\EFI\\debian\\shimx64.efi`;
  const entry = { number: 3, label: "Old menu", active: true, path };
  const firmware = known({ kind: "uefi", secureBoot: false, bootEntries: [entry] } as const);
  const bootEntries = chooseBootEntries(firmware, storage);
  assert.equal(bootEntries.length, 1);
  await writeFile(file, JSON.stringify({ ...report, vm: { ...report.vm, bootEntries } }));
  const defined = await cli(["host", "define", "elm", ...to, "--yes"], { timeoutMs: 120_000 });
  assert.equal(defined.code, 0, defined.stderr);
  assert.doesNotMatch(defined.stderr, /boot menu is not/);

  const script = `"virsh -q -c qemu:///system start elm --paused && (sleep 3; virsh -q -c qemu:///system resume elm) & sleep 2; virsh -c qemu:///system console elm" /dev/null`;
  const heard = await dialog(["ssh", "-F", host.sshConfigPath, host.hostAlias, `script -qfc ${script}`], {
    lines: [],
    until: /BdsDxe: starting Boot0000 "Old menu"[^]*(?:GRUB|Loading Linux)/,
    timeoutMs: 240_000,
  });
  assert.match(heard, /BdsDxe: starting Boot0000 "Old menu" from HD\(1,GPT/);
  await host.inside(["virsh", "-q", "-c", "qemu:///system", "destroy", "elm"]);
});
