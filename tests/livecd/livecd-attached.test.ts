// SPDX-License-Identifier: Apache-2.0
// A program that was attached to the medium runs from CD and stick, in both firmwares, or is left aside where it is damaged.
import assert from "node:assert/strict";
import { cp, mkdir, open, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { findRoom, HEADER_BYTES } from "../../src/iso/attached.ts";
import { run } from "../../src/system/index.ts";
import { VERSION } from "../../src/ui/version.ts";
import { liveIso } from "../../lab/live-iso.ts";
import { reachWizard, startLiveVm } from "../support/vms/live-vm.ts";
import { temporary } from "../support/temporary.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
const READY = /Enter for the wizard/;

test("an attached program", { timeout: 40 * 60_000 }, async (t) => {
  const iso = await liveIso(t.signal);
  const directory = await temporary(t);
  const { signal } = t;
  const other = join(directory, "other.iso");

  await t.test("CD in UEFI: an attached program of another version is what runs", async () => {
    await attachFrom(await cloneOfVersion("9.8.7", directory), { iso, out: other });
    await using vm = await startLiveVm({ iso: other, boot: "uefi-cd", signal });
    await vm.see(READY, { timeoutMs: 600_000 });
    assert.match(vm.console(), /virt-p2v 9\.8\.7: this machine/);
    assert.match(vm.console(), /Firmware +UEFI/);
    assert.doesNotMatch(vm.console(), /attached/);
    await reachWizard(vm);
  });

  await t.test("stick in BIOS: an attached program runs there too", async () => {
    await using vm = await startLiveVm({ iso: other, boot: "bios-usb", signal });
    await vm.see(READY, { timeoutMs: 600_000 });
    assert.match(vm.console(), /virt-p2v 9\.8\.7: this machine/);
    assert.match(vm.console(), /Firmware +BIOS/);
    await reachWizard(vm);
  });

  await t.test("stick in UEFI: an attached program that is damaged is left aside", async () => {
    const { offset } = await findRoom(other, signal);
    await using file = await open(other, "r+");
    await file.write(Buffer.alloc(512, 0xff), 0, 512, offset + HEADER_BYTES + 100_000);
    await using vm = await startLiveVm({ iso: other, boot: "uefi-usb", signal });
    await vm.see(READY, { timeoutMs: 600_000 });
    assert.match(vm.console(), new RegExp(`virt-p2v ${VERSION.replaceAll(".", "\\.")}: this machine`));
    assert.match(vm.console(), /attached to this medium is not used: it is damaged/);
    await reachWizard(vm);
  });
});

/** A clone whose program says that it is another version. */
async function cloneOfVersion(version: string, directory: string): Promise<string> {
  const clone = join(directory, "clone");
  await mkdir(clone);
  for (const name of ["LICENSE", "bin", "livecd", "src"])
    await cp(join(REPOSITORY, name), join(clone, name), { recursive: true });
  await symlink(join(REPOSITORY, "node_modules"), join(clone, "node_modules"));
  const manifest = await readFile(join(REPOSITORY, "package.json"), "utf8");
  await writeFile(
    join(clone, "package.json"),
    manifest.replace(`"version": "${VERSION}"`, `"version": "${version}"`),
  );
  return clone;
}

const attachFrom = (clone: string, { iso, out }: { iso: string; out: string }) =>
  run([join(clone, "bin/virt-p2v"), "iso", "attach", iso, "--out", out], { timeoutMs: 300_000 });
