// SPDX-License-Identifier: Apache-2.0
// By what a disk is known again when another kernel gives it another name.
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { SourceDisk } from "../core/index.ts";
import { readBounded } from "../system/index.ts";

export type Identity = { readonly tableId: string | null; readonly serial: string | null };

const HEAD_BYTES = 8192;
const SECTORS = [512, 4096] as const;

/** Pure. The GUID of a GPT, or the number of an MBR; null: there is none. */
export function findTableId(head: Uint8Array): string | null {
  const bytes = Buffer.from(head);
  for (const sector of SECTORS)
    if (bytes.toString("latin1", sector, sector + 8) === "EFI PART")
      return `gpt:${bytes.toString("hex", sector + 56, sector + 72)}`;
  const isMbr = bytes.length >= 512 && bytes.readUInt16LE(510) === 0xaa55 && bytes.readUInt32LE(440) !== 0;
  return isMbr ? `mbr:${bytes.toString("hex", 440, 444)}` : null;
}

export async function readIdentity({ path }: SourceDisk, sysfs: string | null): Promise<Identity> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return {
    tableId: findTableId(buffer.subarray(0, bytesRead)),
    serial: sysfs === null ? null : await readSerial(sysfs),
  };
}

/** As the driver has it: a WWID where there is one, else a serial number. */
async function readSerial(sysfs: string): Promise<string | null> {
  for (const file of ["wwid", "device/wwid", "serial", "device/serial"]) {
    const text = (await readBounded(join(sysfs, file), { maxBytes: 4096 }))?.toString("utf8").trim() ?? "";
    if (text !== "") return text;
  }
  return null;
}
