// SPDX-License-Identifier: Apache-2.0
// End to end, unattended: a machine whose system lies on LVM over two disks, with the live CD in its drive and 1 GiB.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Report } from "../../src/core/index.ts";
import { liveIso } from "../../lab/live-iso.ts";
import { copyDisks, ENP3S0, serveKey } from "../support/vms/live-machine.ts";
import { startLiveVm } from "../support/vms/live-vm.ts";
import { machineDisks } from "../support/guests/machines/index.ts";
import { startSshd } from "../../lab/sshd.ts";
import { temporary } from "../support/temporary.ts";

test("the live CD migrates a machine with LVM over two disks; both are as before, and the VM boots with its network", {
  timeout: 40 * 60_000,
}, async (t) => {
  const { signal } = t;
  const directory = await temporary(t);
  const disks = await copyDisks(await machineDisks("lvm", { signal }), directory);
  const before = await disks.hashes();
  const iso = await liveIso(signal);
  const vms = join(directory, "vms");
  await mkdir(vms);
  await using sshd = await startSshd({ signal });
  await using key = await serveKey(sshd.userKeyPath);
  const parameters = [
    "p2v.toram=no p2v.unattended p2v.hypervisor=qemu p2v.onfail=wait p2v.post=poweroff",
    `p2v.to=ssh://${sshd.user}@10.0.2.2:${sshd.port}${vms} p2v.host-key=${sshd.fingerprint} p2v.identity=${key.url}`,
  ].join(" ");
  const machine = { iso, boot: "kernel", parameters, memoryMb: 1024 } as const;
  await using vm = await startLiveVm({ ...machine, disks: disks.paths, moreArgs: ENP3S0, signal });
  const seconds = await vm.see(/virt-p2v live: (done|FAILED|ended)/, { timeoutMs: 35 * 60_000 });
  t.diagnostic(`${Math.round(seconds)} s from power-on to the verdict`);
  assert.match(vm.console(), /virt-p2v live: done/, vm.console().slice(-6000));
  await vm.poweredOff({ timeoutMs: 120_000 });
  assert.deepEqual(await disks.hashes(), before);
  // The VM has the installed system's name.
  const report = JSON.parse(await readFile(join(vms, "birch/report.json"), "utf8")) as Report;
  assert.equal(report.outcome.kind, "booted", JSON.stringify(report.outcome));
  assert.equal(report.disks.length, 2);
  assert.ok(report.proof.held);
  t.diagnostic(JSON.stringify([report.proof, report.seconds]));
});
