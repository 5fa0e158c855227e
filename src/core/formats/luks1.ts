// SPDX-License-Identifier: Apache-2.0
// The header of a LUKS1 volume (LUKS1 On-Disk Format 1.2.3, figures 1 and 2). Places and sizes are sectors of 512 bytes. Pure.
import { be, struct } from "./struct.ts";

/** `LUKS`, 0xba, 0xbe, of both versions. */
export const LUKS_MAGIC = Buffer.from("4c554b53babe", "hex");

export const LUKS1 = struct({
  magic: be.raw(0, 6),
  version: be.u16(6),
  cipherName: be.text(8, 32),
  cipherMode: be.text(40, 32),
  hash: be.text(72, 32),
  payloadStart: be.u32(104),
  keyBytes: be.u32(108),
  digest: be.raw(112, 20),
  digestSalt: be.raw(132, 32),
  digestIterations: be.u32(164),
  uuid: be.text(168, 40),
});

export const LUKS1_SLOT = struct({
  state: be.u32(0),
  iterations: be.u32(4),
  salt: be.raw(8, 32),
  materialStart: be.u32(40),
  stripes: be.u32(44),
});
export const LUKS1_SLOTS = {
  at: LUKS1.sizeBytes,
  count: 8,
  enabled: 0x00ac71f3,
  disabled: 0x0000dead,
} as const;
/** With all its slots. */
export const LUKS1_BYTES = LUKS1_SLOTS.at + LUKS1_SLOTS.count * LUKS1_SLOT.sizeBytes;
