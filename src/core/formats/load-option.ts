// SPDX-License-Identifier: Apache-2.0
// Entries of UEFI's boot menu, EFI_LOAD_OPTION, and the nodes of their device paths (UEFI specification 2.10, 3.1.3,
// 10.3). Pure.
import { guidField } from "./guid.ts";
import { le, struct } from "./struct.ts";

/** Behind it: a description in UTF-16 that ends with a zero, then the device paths. */
export const LOAD_OPTION = struct({ attributes: le.u32(0), pathsBytes: le.u16(4) });
export const LOAD_OPTION_ACTIVE = 1;

/** What each node of a device path begins with; its length counts these four bytes too. */
export const PATH_NODE = struct({ type: le.u8(0), subtype: le.u8(1), lengthBytes: le.u16(2) });

/** Types and subtypes that the code knows (10.3.1 to 10.3.6). */
export const PATH_NODES = {
  hardDrive: { type: 4, subtype: 1 },
  filePath: { type: 4, subtype: 4 },
  mac: { type: 3, subtype: 11 },
  ipv4: { type: 3, subtype: 12 },
  ipv6: { type: 3, subtype: 13 },
  bios: { type: 5, subtype: 1 },
  end: { type: 0x7f, subtype: 0xff },
} as const;

/** A partition, behind the node's four bytes (10.3.5.1). Places are sectors of 512 bytes. */
export const HARD_DRIVE = struct({
  number: le.u32(0),
  startSector: le.count64(4),
  sectors: le.count64(12),
  /** Of a GPT the partition's GUID; of an MBR the disk's id, in its first four bytes. */
  uuid: guidField(20),
  mbrId: le.u32(20),
  tableKind: le.u8(36),
  signatureKind: le.u8(37),
});
export const HARD_DRIVE_GPT = 2;
export const SIGNATURE_IS_MBR_ID = 1;
export const SIGNATURE_IS_GUID = 2;
