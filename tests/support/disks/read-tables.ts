// SPDX-License-Identifier: Apache-2.0
// Disks in memory, and their tables as the program reads them.
import { bytesReader } from "../../../src/inspect/storage/reader.ts";
import { readTable } from "../../../src/inspect/storage/table/table.ts";

export function readDisk(disk: Uint8Array, sectorBytes = 512) {
  return readTable(bytesReader(disk), { sectorBytes, title: "disk.img" });
}

/** A disk of `sectors` with sectors put at their places. */
export function diskOf(sectors: number, parts: Readonly<Record<number, Uint8Array>>): Buffer {
  const disk = Buffer.alloc(sectors * 512);
  for (const [sector, bytes] of Object.entries(parts)) disk.set(bytes, Number(sector) * 512);
  return disk;
}

export const brief = (table: Awaited<ReturnType<typeof readDisk>>) =>
  table.partitions.map(({ number, start, end, type }) => [number, start / 512, end / 512, type]);
