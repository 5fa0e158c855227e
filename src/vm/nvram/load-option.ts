// SPDX-License-Identifier: Apache-2.0
// A boot entry as UEFI firmware keeps it: EFI_LOAD_OPTION with the short device path of a hard disk's partition, which is
// the same on every machine (UEFI specification 2.10, 3.1.2, 3.1.3, 10.3.5.1 and 10.3.5.4). Pure.
import {
  HARD_DRIVE,
  HARD_DRIVE_GPT,
  LOAD_OPTION,
  LOAD_OPTION_ACTIVE,
  PATH_NODE,
  PATH_NODES,
  SIGNATURE_IS_GUID,
  type VmBootEntry,
} from "../../core/index.ts";

const SECTOR = 512;

/** The value of a Boot#### variable. */
export function renderLoadOption({ label, partition, file, active }: VmBootEntry): Uint8Array {
  const description = Buffer.from(`${label}\0`, "utf16le");
  const path = node(PATH_NODES.filePath, Buffer.from(`${file}\0`, "utf16le"));
  const paths = Buffer.concat([hardDrive(partition), path, END]);
  const head = Buffer.alloc(LOAD_OPTION.sizeBytes);
  LOAD_OPTION.write(head, { attributes: active ? LOAD_OPTION_ACTIVE : 0, pathsBytes: paths.length });
  return Buffer.concat([head, description, paths]);
}

/** BootOrder, or a list of numbers like it. */
export function renderBootOrder(numbers: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(2 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16LE(number, 2 * index);
  return bytes;
}

function node(kind: { readonly type: number; readonly subtype: number }, data: Uint8Array): Buffer {
  const head = Buffer.alloc(PATH_NODE.sizeBytes);
  PATH_NODE.write(head, { ...kind, lengthBytes: head.length + data.length });
  return Buffer.concat([head, data]);
}

const END = node(PATH_NODES.end, Buffer.alloc(0));

function hardDrive({ number, startBytes, sizeBytes, uuid }: VmBootEntry["partition"]): Buffer {
  const data = Buffer.alloc(HARD_DRIVE.sizeBytes);
  HARD_DRIVE.write(data, {
    number,
    startSector: startBytes / SECTOR,
    sectors: sizeBytes / SECTOR,
    uuid,
    tableKind: HARD_DRIVE_GPT,
    signatureKind: SIGNATURE_IS_GUID,
  });
  return node(PATH_NODES.hardDrive, data);
}
