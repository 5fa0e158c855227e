// SPDX-License-Identifier: Apache-2.0
// End to end through the wizard on the serial console, answered by a scripted terminal: one wrong password and one step back
// included; the CD is taken out after the first page. The demo machine becomes a VM on this computer, over real ssh, and its
// disk is as before.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Report } from "../../src/core/index.ts";
import { run } from "../../src/system/index.ts";
import { demoDisk } from "../../lab/demo/machine.ts";
import { liveIso } from "../../lab/live-iso.ts";
import { startLiveVm } from "../support/vms/live-vm.ts";
import { sha256sum } from "../support/disks/overlays.ts";
import { startSshd } from "../../lab/sshd.ts";
import { KEYS, WizardTypist } from "../support/vms/wizard-typist.ts";
import { temporary } from "../support/temporary.ts";

const PASSWORD = "correct horse";
const MINUTE = 60_000;

test("the wizard on the serial console migrates the demo machine", {
  timeout: 60 * MINUTE,
}, async (t) => {
  const { signal } = t;
  const directory = await temporary(t);
  const disk = join(directory, "machine.img");
  // For work on the wizard itself: a small disk without a system.
  const bare = process.env["P2V_WIZARD_DISK"];
  const source = bare ?? (await demoDisk({ signal, onProgress: (text) => t.diagnostic(text) }));
  await run(["cp", "--sparse=always", "--reflink=auto", source, disk], { timeoutMs: 300_000 });
  const before = await sha256sum(disk);
  const iso = await liveIso(signal);
  await using sshd = await startSshd({ signal, password: PASSWORD });
  await using vm = await startLiveVm({
    iso,
    boot: "kernel",
    // Enough for all of the medium to go to memory.
    memoryMb: 2048,
    disks: [disk],
    nic: "e1000",
    signal,
  });
  await vm.see(/Enter for the wizard/, { timeoutMs: 5 * MINUTE });
  const wizard = new WizardTypist(vm);
  await wizard.press(KEYS.enter);
  await vm.see(/The wizard starts/, { timeoutMs: MINUTE });

  const welcome = await wizard.page("Welcome", { shows: /medium may be taken out/ });
  assert.match(welcome, /Disks +1 that can be taken/);
  await wizard.press(KEYS.enter);
  await vm.eject();
  await wizard.page("Keyboard");
  await wizard.press(KEYS.down, KEYS.enter);
  t.diagnostic(await wizard.page("Network", { timeoutMs: 5 * MINUTE }));
  await wizard.press(KEYS.enter);
  if (bare === undefined) {
    t.diagnostic(await wizard.page("Links"));
    await wizard.press(KEYS.enter);
  }
  t.diagnostic(await wizard.page("Does the network work?"));
  await wizard.press(KEYS.enter);
  await wizard.page("Where the VM goes");
  await wizard.press(KEYS.enter);
  await wizard.page("Host");
  await wizard.fill("10.0.2.2", `${sshd.port}`, sshd.user, join(directory, "vms"));
  await wizard.press(KEYS.enter);
  assert.ok((await wizard.page("Is this your host?")).includes(sshd.fingerprint));
  await wizard.press(KEYS.enter);
  await wizard.page("Login");
  await wizard.fill("wrong horse");
  await wizard.press(KEYS.enter);
  assert.match(await wizard.page("Disks", { timeoutMs: 5 * MINUTE }), /\[\*\] \/dev\/sda/);
  await wizard.press(KEYS.enter);

  await wizard.page("Virtual machine");
  // Only files: whether this computer runs a hypervisor is not the matter here.
  await wizard.fill("wizard-1", "1G", "2", "qemu");
  await wizard.press(KEYS.escape);
  await wizard.page("Disks");
  await wizard.press(KEYS.enter);
  assert.match(
    await wizard.page("Virtual machine"),
    /Name +wizard-1 [^]*Run by +qemu /,
    "what was typed before the step back",
  );
  await wizard.press(KEYS.enter);

  assert.match(
    await wizard.page("This does not work yet", { timeoutMs: 5 * MINUTE }),
    /does not let this user in/,
  );
  await wizard.press(KEYS.enter);
  await wizard.page("Login");
  await wizard.fill(PASSWORD);
  await wizard.press(KEYS.enter);
  await wizard.page("Disks");
  await wizard.press(KEYS.enter);
  await wizard.page("Virtual machine");
  await wizard.press(KEYS.enter);

  const plan = await wizard.page("The plan", { timeoutMs: 10 * MINUTE });
  t.diagnostic(plan);
  assert.doesNotMatch(plan, /STOPS/);
  await wizard.press(KEYS.enter);
  await wizard.page("Begin?");
  await wizard.press(KEYS.enter);
  t.diagnostic(await wizard.page("Done", { timeoutMs: 45 * MINUTE }));
  await wizard.press(KEYS.enter);
  await wizard.page("What now?");
  await wizard.press(KEYS.enter);
  t.diagnostic(`${Math.round(await vm.poweredOff({ timeoutMs: 2 * MINUTE }))} s from power-on to power-off`);

  assert.equal(await sha256sum(disk), before);
  const report = JSON.parse(await readFile(join(directory, "vms/wizard-1/report.json"), "utf8")) as Report;
  assert.ok(report.proof.held);
  if (bare === undefined) assert.match(report.outcome.kind, /^booted/);
  assert.ok(!vm.raw(0).includes(PASSWORD), "a password is not shown");
});
