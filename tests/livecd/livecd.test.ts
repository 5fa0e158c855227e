// SPDX-License-Identifier: Apache-2.0
// The live CD boots on every kind of firmware, reaches the program on its consoles, and the disks cannot be written.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { test } from "node:test";
import { makeIso, startLiveVm } from "../support/live-vm.ts";
import { dirtyDisk } from "../support/live-disks.ts";

const READY = /Enter for the wizard/;
const sha256 = async (path: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

test("the live CD", { timeout: 40 * 60_000 }, async (t) => {
  await using iso = await makeIso(t.signal);
  await using disk = await dirtyDisk();
  const { signal } = t;

  await t.test("is at most 420 MB", async () => {
    const { size } = await stat(iso.path);
    assert.ok(size <= 420_000_000, `${size} bytes`);
  });

  await t.test(
    "CD in BIOS, 1 GiB: the first question in time, disks read-only, nothing assembled",
    async () => {
      const before = await sha256(disk.path);
      await using vm = await startLiveVm({
        iso: iso.path,
        boot: "bios-cd",
        disks: [disk.path],
        nic: "e1000",
        signal,
      });
      const seconds = await vm.see(READY, { timeoutMs: 300_000 });
      console.log(`first question after ${Math.round(seconds)} s`);
      vm.type("shell\n");
      await vm.see(/root@virt-p2v:~#/, { timeoutMs: 60_000 });
      const ask = async (command: string, mark: string): Promise<string> => {
        vm.type(`${command}; echo "END"-${mark} $?\n`);
        await vm.see(new RegExp(`\nEND-${mark} \\d+\n`), { timeoutMs: 60_000 });
        return vm.console().split(`END"-${mark}`)[1] ?? "";
      };
      for (const [index, device] of ["sda", "sda1", "sda2"].entries()) {
        const answer = await ask(`dd if=/dev/zero of=/dev/${device} bs=512 count=1`, `dd${index}`);
        assert.match(answer, new RegExp(`END-dd${index} 1\n`));
        assert.match(answer, /not permitted|Read-only/);
      }
      const state = await ask(
        "dmsetup ls; cat /proc/mdstat /proc/swaps; lvs --noheadings; grep -c ' /dev/sd' /proc/mounts; ss -Hltun; systemctl --failed --no-legend --plain; cat /sys/block/sda/ro",
        "state",
      );
      assert.match(state, /No devices found/);
      assert.doesNotMatch(state, /active raid|\/dev\/sd|LISTEN|\.service/);
      assert.match(state, /\n1\n/);
      await vm[Symbol.asyncDispose]();
      assert.equal(await sha256(disk.path), before);
    },
  );

  for (const boot of ["bios-usb", "uefi-cd", "uefi-usb", "secure-boot"] as const)
    await t.test(`${boot} reaches the program`, async () => {
      await using vm = await startLiveVm({ iso: iso.path, boot, signal });
      await vm.see(READY, { timeoutMs: 300_000 });
      const wanted = { "bios-usb": /Firmware +BIOS/, "secure-boot": /Secure Boot on/ }[boot as "bios-usb"];
      assert.match(vm.console(), wanted ?? /Firmware +UEFI/);
    });
});
