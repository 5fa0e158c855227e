// SPDX-License-Identifier: Apache-2.0
// The live CD's kernel names the card by where it sits, and the guest's files by where it sat once: the plan, unattended, pins the
// guest's name to that card's address.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { IntendedNic } from "../../src/core/index.ts";
import { demoDisk } from "../../lab/demo/machine.ts";
import { startLibvirtHost } from "../support/vms/libvirt-host.ts";
import { liveIso } from "../../lab/live-iso.ts";
import { copyDisks, serveKey } from "../support/vms/live-machine.ts";
import { startLiveVm } from "../support/vms/live-vm.ts";
import { temporary } from "../support/temporary.ts";

const MAC = "52:54:00:12:34:57";
const SLOT5 = `-netdev user,id=net -device e1000e,netdev=net,addr=5,mac=${MAC},romfile=`.split(" ");
/** What udev can make of that slot. */
const LIVE_NAME = /\b(?:ens5|enp0s5)\b/;

type Plan = {
  readonly intent: { readonly nics: readonly IntendedNic[] };
  readonly changes: readonly { readonly path: string }[];
  readonly diffs: readonly (string | null)[];
  readonly problems: readonly { readonly code: string; readonly severity: string }[];
};

test("enp3s0 of the guest is the card that the live CD calls otherwise: the plan pins it by its address, and says why", {
  timeout: 30 * 60_000,
}, async (t) => {
  const { signal } = t;
  const directory = await temporary(t);
  const demo = await demoDisk({ signal, onProgress: (text) => t.diagnostic(text) });
  const disks = await copyDisks([demo], directory);
  const before = await disks.hashes();
  const iso = await liveIso(signal);
  await using host = await startLibvirtHost({ signal });
  const { port } = await host.listen();
  await using key = await serveKey(host.userKeyPath);
  const parameters = [
    "p2v.toram=no p2v.unattended p2v.mode=plan p2v.name=aurora p2v.onfail=wait p2v.post=poweroff",
    `p2v.to=ssh://root@10.0.2.2:${port}${host.images} p2v.host-key=${host.fingerprint} p2v.identity=${key.url}`,
  ].join(" ");
  const machine = { iso, boot: "kernel", parameters, memoryMb: 1024 } as const;
  await using vm = await startLiveVm({ ...machine, disks: disks.paths, moreArgs: SLOT5, signal });
  const seconds = await vm.see(/virt-p2v live: (done|FAILED|ended)/, { timeoutMs: 25 * 60_000 });
  t.diagnostic(`${Math.round(seconds)} s from power-on to the plan`);
  assert.match(vm.console(), /virt-p2v live: done/, vm.console().slice(-6000));
  await vm.poweredOff({ timeoutMs: 120_000 });
  assert.deepEqual(await disks.hashes(), before);

  const text = await readFile(join(host.images, "aurora.plan.txt"), "utf8");
  assert.match(text, new RegExp(`enp3s0 ${MAC} \\(the only card left for that name\\)`));
  const plan = JSON.parse(await readFile(join(host.images, "aurora.plan.json"), "utf8")) as Plan;
  const [nic, ...more] = plan.intent.nics;
  assert.deepEqual(more, []);
  assert.deepEqual([nic?.name, nic?.mac, nic?.because], ["enp3s0", MAC, "only"]);
  // So the live system did call it otherwise.
  assert.ok(
    nic?.aliases?.some((alias) => LIVE_NAME.test(alias)),
    JSON.stringify(nic),
  );
  assert.deepEqual(
    plan.problems.filter(({ code }) => code.startsWith("nic-")),
    [],
  );
  const made = plan.diffs.map((diff) => diff ?? "").join("\n");
  assert.match(made, new RegExp(`^\\+.*${MAC}`, "m"));
  assert.match(made, /^\+.*enp3s0/m);
  assert.doesNotMatch(made, LIVE_NAME);
});
