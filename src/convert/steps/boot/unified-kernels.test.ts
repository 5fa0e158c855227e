// SPDX-License-Identifier: Apache-2.0
// Unified kernel images are only looked into: what would keep them from booting in a VM is reported.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { cpioOf } from "../../../../tests/support/cpio.ts";
import { proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { unified } from "../../../../tests/support/guests/unified.ts";
import { efiGuest } from "../../../../tests/support/guests/efi-guest.ts";
import { KERNEL, MODULES, ROOT_UUID } from "../../../../tests/support/guests/sample-guest.ts";
import { unifiedCmdline } from "../../efi/uki.ts";
import type { Proposal } from "../draft.ts";
import { unifiedKernels } from "./unified-kernels.ts";

test("the initramfs in a unified kernel image is opened: what it lacks is named, and what lacks nothing is not", async (t) => {
  const inside = (modules: readonly string[]): Uint8Array =>
    gzipSync(
      cpioOf(
        Object.fromEntries(
          modules.map((name) => [`usr/lib/modules/${KERNEL}/kernel/drivers/${name}.ko`, "module"]),
        ),
      ),
    );
  const release = Buffer.from(`${KERNEL}\0`);
  const proposed = async (more: Readonly<Record<string, Uint8Array>>): Promise<Proposal> => {
    const files = { "/boot/efi/EFI/Linux/linux.efi": unified(`root=UUID=${ROOT_UUID} ro`, more) };
    return await proposeStep(
      unifiedKernels,
      await efiGuest(t, {
        ...files,
        [`/lib/modules/${KERNEL}/modules.dep`]: [...MODULES, "ext4"]
          .map((name) => `kernel/drivers/${name}.ko:\n`)
          .join(""),
      }),
    );
  };
  const whole = await proposed({ ".uname": release, ".initrd": inside([...MODULES, "ext4"]) });
  assert.deepEqual(whole, { changes: [], problems: [] });
  const { problems } = await proposed({ ".uname": release, ".initrd": inside(["ext4", "virtio_pci"]) });
  assert.equal(problems[0]?.code, "uki-lacks-drivers");
  assert.match(String(problems[0]?.text), /lacks virtio_blk$/);
  const unknown = await proposed({ ".uname": Buffer.from("9.9.9"), ".initrd": inside(MODULES) });
  assert.match(String(unknown.problems[0]?.text), /modules of its kernel \(9\.9\.9\) are not in the guest/);
  const damaged = await proposed({ ".uname": release, ".initrd": Buffer.from([1, 2, 3, 4]) });
  assert.match(String(damaged.problems[0]?.text), /is not known: It is not an initramfs/);
});

test("a unified kernel image that names a disk of the old machine is reported with what it should say", async (t) => {
  const files = { "/boot/efi/EFI/Linux/linux.efi": unified("root=/dev/sda1 ro quiet") };
  const { changes, problems } = await proposeStep(unifiedKernels, await efiGuest(t, files));
  assert.deepEqual(changes, []);
  assert.equal(problems[0]?.code, "uki-names-hardware");
  assert.match(String(problems[0]?.advice), /"root=UUID=3f1c2a4e-\S+ ro quiet"/);
});

test("damaged unified kernel images have no command line", () => {
  const whole = unified("root=UUID=1 ro");
  assert.equal(unifiedCmdline(whole), "root=UUID=1 ro");
  for (let length = 0; length < 120; length += 1)
    assert.equal(unifiedCmdline(whole.subarray(0, length)) ?? "", "", `${length} bytes`);
  for (const at of [0x3c, 0x46, 0x54, 0x60, 0x68, 0x6c]) {
    const spoiled = Buffer.from(whole);
    spoiled.writeUInt32LE(0xffff_fff0, at);
    assert.doesNotThrow(() => unifiedCmdline(spoiled));
  }
});
