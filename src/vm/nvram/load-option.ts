// SPDX-License-Identifier: Apache-2.0
// A boot entry as UEFI firmware keeps it: EFI_LOAD_OPTION with the short device path of a hard disk's partition, which is
// the same on every machine (UEFI specification 2.10, 3.1.2, 3.1.3, 10.3.5.1 and 10.3.5.4). Pure.
import type { VmBootEntry } from "../../core/index.ts";

const ACTIVE = 1;
const SECTOR = 512;
const GPT = 2;
const SIGNATURE_IS_GUID = 2;

/** The value of a Boot#### variable. */
export function renderLoadOption({ label, partition, file, active }: VmBootEntry): Uint8Array {
  const description = Buffer.from(`${label}\0`, "utf16le");
  const paths = Buffer.concat([hardDrive(partition), node(4, 4, Buffer.from(`${file}\0`, "utf16le")), END]);
  const head = Buffer.alloc(6);
  head.writeUInt32LE(active ? ACTIVE : 0, 0);
  head.writeUInt16LE(paths.length, 4);
  return Buffer.concat([head, description, paths]);
}

/** BootOrder, or a list of numbers like it. */
export function renderBootOrder(numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(2 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16LE(number, 2 * index);
  return bytes;
}

function node(type: number, subtype: number, data: Uint8Array): Buffer {
  const head = Buffer.from([type, subtype, 0, 0]);
  head.writeUInt16LE(4 + data.length, 2);
  return Buffer.concat([head, data]);
}

const END = node(0x7f, 0xff, Buffer.alloc(0));

function hardDrive({ number, startBytes, sizeBytes, uuid }: VmBootEntry["partition"]): Buffer {
  const data = Buffer.alloc(38);
  data.writeUInt32LE(number, 0);
  data.writeBigUInt64LE(BigInt(startBytes / SECTOR), 4);
  data.writeBigUInt64LE(BigInt(sizeBytes / SECTOR), 12);
  guidBytes(uuid).copy(data, 20);
  data[36] = GPT;
  data[37] = SIGNATURE_IS_GUID;
  return node(4, 1, data);
}

/** Its first three fields are little-endian (UEFI specification, appendix A). TypeError where it is none. */
export function guidBytes(text: string): Buffer {
  const hex = text.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new TypeError(`No GUID: ${text}`);
  const bytes = Buffer.from(hex, "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
