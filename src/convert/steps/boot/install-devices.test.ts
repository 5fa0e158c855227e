// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, proposeStep } from "../../../../tests/support/guests/convert-guest.ts";
import { installDevice, installDevices } from "./install-devices.ts";

test("installDevice() finds the disk that a package remembers", () => {
  const stanza = (value: string): string =>
    `Name: grub-pc/install_devices\nTemplate: x\nValue: ${value}\n\nName: grub-efi/install_devices\nValue: /dev/sda1\n`;
  const found = installDevice(stanza("/dev/disk/by-id/ata-A, /dev/sdb"), "grub-pc/install_devices");
  assert.equal(found, "/dev/disk/by-id/ata-A");
  assert.equal(installDevice(stanza(""), "grub-pc/install_devices"), null);
  assert.equal(installDevice(stanza(""), "grub-efi/install_devices"), "/dev/sda1");
});

test("one note for each package, and none for stable names", async (t) => {
  const noted = async (files: Record<string, string>): Promise<readonly unknown[]> =>
    (await proposeStep(installDevices, await fakeGuest(t, { files }))).problems.map(
      ({ code, severity, about }) => [code, severity, about[0]],
    );
  const debconf = (question: string, value: string): string => `Name: ${question}\nValue: ${value}\n\n`;
  const both =
    debconf("grub-efi/install_devices", "/dev/disk/by-id/nvme-X-part1") +
    debconf("grub-pc/install_devices", "/dev/sda");
  assert.equal((await noted({ "/var/cache/debconf/config.dat": both })).length, 2);
  const suse = "/etc/default/grub_installdevice";
  assert.deepEqual(await noted({ [suse]: "/dev/disk/by-id/scsi-36000c29\nactivate\ngeneric_mbr\n" }), [
    ["grub-install-device", "notes", { kind: "device", name: "/dev/disk/by-id/scsi-36000c29" }],
  ]);
  assert.deepEqual(await noted({ [suse]: "/dev/disk/by-uuid/ABCD-0001\nactivate\n" }), []);
});
