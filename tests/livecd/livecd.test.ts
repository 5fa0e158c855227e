// SPDX-License-Identifier: Apache-2.0
// The live CD boots on every kind of firmware, reaches the program on its consoles, and the disks cannot be written.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fillRoom, findRoom } from "../../src/iso/attached.ts";
import { run } from "../../src/system/index.ts";
import { liveIso } from "../../lab/live-iso.ts";
import { leaveWizard, makeFilesDisk, reachWizard, startLiveVm } from "../support/vms/live-vm.ts";
import { dirtyDisk } from "../support/vms/live-disks.ts";
import { temporary } from "../support/temporary.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const REPOSITORY = join(import.meta.dirname, "../..");
const READY = /Enter for the wizard/;
const sha256 = async (path: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

test("the live CD", { timeout: 40 * 60_000 }, async (t) => {
  const iso = await liveIso(t.signal);
  const directory = await temporary(t);
  await using disk = await dirtyDisk();
  const { signal } = t;

  await t.test("is at most 420 MB", async () => {
    const { size } = await stat(iso);
    assert.ok(size <= 420_000_000, `${size} bytes`);
  });

  await t.test(
    "CD in BIOS, 1 GiB: the first question in time, disks read-only, nothing assembled",
    async () => {
      const before = await sha256(disk.path);
      const stick = join(directory, "stick.img");
      await mkdir(join(directory, "stick"));
      await writeFile(join(directory, "stick/answers.yaml"), "defaults:\n  nmae: web\n");
      await makeFilesDisk(stick, join(directory, "stick"), { sizeMb: 4, label: "P2V" });
      await using vm = await startLiveVm({
        iso,
        boot: "bios-cd",
        disks: [disk.path],
        readOnlyDisks: [stick],
        nic: "e1000",
        signal,
      });
      const seconds = await vm.see(READY, { timeoutMs: 600_000 });
      console.log(`first question after ${Math.round(seconds)} s`);
      // The wizard says first what is wrong in the answers of the stick.
      vm.type("\n");
      await vm.see(/-This does not work yet-/, { timeoutMs: 60_000 });
      await pause(3000); // dialog draws first, and reads then
      vm.type("\r");
      await vm.see(/-Welcome-/, { timeoutMs: 60_000 });
      await pause(3000);
      await leaveWizard(vm);
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
      assert.equal(await sha256(disk.path), before);
      // Answers come from the stick; what fails and shall leave the machine to its own system, ejects the CD first.
      await ask("echo p2v.unattended p2v.onfail=local >/tmp/line", "line");
      using monitor = await vm.monitor();
      vm.type("virt-p2v live --cmdline /tmp/line\n");
      await vm.see(
        /\/run\/p2v\/stick\/answers\.yaml is not understood\s+line 2: there is no setting "nmae"/,
        {
          timeoutMs: 60_000,
        },
      );
      await vm.poweredOff({ timeoutMs: 120_000 });
      assert.match(vm.console(), /The CD is ejected[^]*sysrq: Resetting/);
      const moves = monitor.events.filter(({ event }) => event === "DEVICE_TRAY_MOVED");
      assert.deepEqual(
        moves.map(({ data }) => [data?.["id"], data?.["tray-open"]]),
        [["cd", true]],
      );
    },
  );

  const other = join(directory, "other.iso");

  await t.test("Secure Boot: an attached program that does not start is left aside", async () => {
    const squashfs = join(directory, "broken.squashfs");
    await makeBrokenProgram(squashfs, directory);
    await run(["cp", "--reflink=auto", iso, other]);
    await fillRoom(other, await findRoom(other, signal), { squashfs, version: "9.9.9" });
    await using vm = await startLiveVm({ iso: other, boot: "secure-boot", signal });
    await vm.see(READY, { timeoutMs: 600_000 });
    assert.match(vm.console(), /attached to this medium is not used: it does not start/);
    assert.match(vm.console(), /Secure Boot on/);
    await reachWizard(vm);
  });
});

async function makeBrokenProgram(squashfs: string, directory: string): Promise<void> {
  const root = join(directory, "broken");
  const home = join(root, "usr/lib/virt-p2v");
  await mkdir(join(home, "dist"), { recursive: true });
  await writeFile(join(home, "dist/virt-p2v.mjs"), "throw new Error('broken');\n");
  await writeFile(join(home, "version"), "9.9.9\n");
  await cp(join(REPOSITORY, "livecd/interface"), join(home, "interface"));
  await run(["mksquashfs", root, squashfs, "-quiet", "-no-progress", "-all-root"], { timeoutMs: 60_000 });
}
