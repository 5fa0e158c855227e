// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { installDevice } from "./device-map.ts";

test("installDevice() finds the disk that grub-pc remembers", () => {
  const stanza = (value: string): string =>
    `Name: grub-pc/install_devices\nTemplate: x\nValue: ${value}\n\nName: z\nValue: /dev/sda\n`;
  assert.equal(installDevice(stanza("/dev/disk/by-id/ata-A, /dev/sdb")), "/dev/disk/by-id/ata-A");
  assert.equal(installDevice(stanza("")), null);
});
