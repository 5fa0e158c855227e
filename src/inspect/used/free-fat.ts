// SPDX-License-Identifier: Apache-2.0
// Free clusters of FAT12, FAT16 and FAT32 (Microsoft's FAT specification 1.03, as Linux reads it in fs/fat/inode.c).
import { le, struct } from "../../core/index.ts";
import { FreeRanges, type FreeOptions, type FreeSpace, unknownFree } from "./free.ts";
import { type Reader, readExactly } from "../storage/reader.ts";

/** The BIOS parameter block of all three (3.1). */
const BOOT_SECTOR = struct({
  sectorBytes: le.u16(11),
  clusterSectors: le.u8(13),
  reservedSectors: le.u16(14),
  fats: le.u8(16),
  rootEntries: le.u16(17),
  sectors16: le.u16(19),
  fatSectors16: le.u16(22),
  sectors32: le.u32(32),
  /** Of FAT12 and FAT16. */
  state16: le.u8(37),
});
const ROOT_ENTRY_BYTES = 32;
/** What FAT32 has behind it (3.3). */
const BOOT_SECTOR_32 = struct({ fatSectors: le.u32(36), version: le.u16(42), state: le.u8(65) });
/** Linux marks a mounted volume here, Windows in the table. */
const STATE_MOUNTED = 1;
const BOOT_SECTOR_BYTES = 512;

type Fat = {
  readonly bits: 12 | 16 | 32;
  readonly clusterBytes: number;
  readonly clusters: number;
  /** Byte of cluster 2, the first one. */
  readonly dataAt: number;
  readonly fatAt: number;
  readonly fatBytes: number;
  readonly fats: number;
};

/** A cluster is free when it is so in every copy of the table. `unknown` where the volume is dirty or not understood. */
export async function readFatFree(
  reader: Reader,
  { signal, isHint = false }: FreeOptions,
): Promise<FreeSpace> {
  const bytes = await readExactly(reader, 0, BOOT_SECTOR_BYTES);
  const fat = bytes === null ? "it has no boot sector" : parseBootSector(bytes, reader.sizeBytes);
  if (typeof fat === "string") return unknownFree(fat);
  const out = new FreeRanges();
  // Three bytes hold two entries of FAT12, so that a batch of 3 MiB ends between entries of each kind.
  const batchBytes = 3 * 2 ** 20;
  const perBatch = (batchBytes * 8) / fat.bits;
  for (let first = 0; first < fat.clusters + 2; first += perBatch) {
    signal.throwIfAborted();
    const count = Math.min(perBatch, fat.clusters + 2 - first);
    const used = new Uint8Array(count);
    for (let copy = 0; copy < fat.fats; copy += 1) {
      const at = fat.fatAt + copy * fat.fatBytes + (first * fat.bits) / 8;
      const length = Math.ceil((count * fat.bits) / 8);
      const table = await readExactly(reader, at, length);
      if (table === null) return unknownFree("its tables cannot be read");
      if (!isHint && first === 0 && isDirty(entryOf(table, 1, fat.bits), fat.bits))
        return unknownFree("it was not unmounted");
      for (let i = 0; i < count; i += 1) if (entryOf(table, i, fat.bits) !== 0) used[i] = 1;
    }
    for (let i = first === 0 ? 2 : 0; i < count; ) {
      if (used[i] !== 0) {
        i += 1;
        continue;
      }
      const start = i;
      while (i < count && used[i] === 0) i += 1;
      const byte = (cluster: number): number => fat.dataAt + (first + cluster - 2) * fat.clusterBytes;
      out.add(byte(start), byte(i));
    }
  }
  return { kind: "free", ranges: out.ranges() };
}

/** The boot sector, or why it is not understood. */
function parseBootSector(bytes: Uint8Array, sizeBytes: number): Fat | string {
  const boot = BOOT_SECTOR.read(bytes);
  const boot32 = BOOT_SECTOR_32.read(bytes);
  const { sectorBytes, clusterSectors, reservedSectors: reserved, fats, rootEntries } = boot;
  const sectors = boot.sectors16 === 0 ? boot.sectors32 : boot.sectors16;
  const is32 = boot.fatSectors16 === 0;
  const fatSectors = is32 ? boot32.fatSectors : boot.fatSectors16;
  const isPower = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;
  if (!isPower(sectorBytes) || sectorBytes < 512 || sectorBytes > 4096) return "its sector size is not valid";
  if (!isPower(clusterSectors) || reserved === 0 || fats === 0 || fats > 4)
    return "its boot sector is not valid";
  if (is32 && boot32.version !== 0) return "its version is not known";
  const rootSectors = Math.ceil((rootEntries * ROOT_ENTRY_BYTES) / sectorBytes);
  const dataSector = reserved + fats * fatSectors + rootSectors;
  const clusters = Math.floor((sectors - dataSector) / clusterSectors);
  const bits = is32 ? 32 : clusters <= 4084 ? 12 : 16;
  if (sectors * sectorBytes > sizeBytes) return "it is larger than its volume";
  if (clusters < 1 || clusters > (is32 ? 0x0ffffff5 : 65_524)) return "its boot sector is not valid";
  if (((clusters + 2) * bits) / 8 > fatSectors * sectorBytes) return "its tables are too small";
  if (((is32 ? boot32.state : boot.state16) & STATE_MOUNTED) !== 0) return "it was not unmounted";
  return {
    bits,
    clusterBytes: clusterSectors * sectorBytes,
    clusters,
    dataAt: dataSector * sectorBytes,
    fatAt: reserved * sectorBytes,
    fatBytes: fatSectors * sectorBytes,
    fats,
  };
}

function entryOf(table: Uint8Array, index: number, bits: Fat["bits"]): number {
  if (bits === 16) return (table[2 * index] ?? 0) | ((table[2 * index + 1] ?? 0) << 8);
  if (bits === 32) {
    const at = 4 * index;
    return (
      (table[at] ?? 0) |
      ((table[at + 1] ?? 0) << 8) |
      ((table[at + 2] ?? 0) << 16) |
      (((table[at + 3] ?? 0) & 0xf) << 24)
    );
  }
  const at = index + (index >>> 1);
  const pair = (table[at] ?? 0) | ((table[at + 1] ?? 0) << 8);
  return index % 2 === 0 ? pair & 0xfff : pair >>> 4;
}

/** The second entry has a bit that is set while the volume is clean; FAT12 has none. */
function isDirty(entry: number, bits: Fat["bits"]): boolean {
  return bits === 16 ? (entry & 0x8000) === 0 : bits === 32 && (entry & 0x0800_0000) === 0;
}
