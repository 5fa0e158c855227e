// SPDX-License-Identifier: Apache-2.0
// Partition tables made by hand, byte by byte, independent of the parsers.
import { crc32 } from "node:zlib";

export type MbrEntry = {
  readonly flag?: number;
  readonly type: number;
  readonly start: number;
  readonly sectors: number;
};

/** One MBR or EBR sector of 512 bytes. */
export function mbrSector(entries: readonly MbrEntry[], { id = 0x1234abcd }: { id?: number } = {}): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.writeUInt32LE(id, 440);
  for (const [index, { flag = 0, type, start, sectors }] of entries.entries()) {
    const at = 446 + 16 * index;
    bytes.writeUInt8(flag, at);
    bytes.writeUInt8(type, at + 4);
    bytes.writeUInt32LE(start, at + 8);
    bytes.writeUInt32LE(sectors, at + 12);
  }
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
}

export type GptEntry = {
  readonly first: number;
  readonly last: number;
  readonly attributes?: bigint;
  readonly name?: string;
};

/** EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, as it lies on the disk. */
const DATA_TYPE = Buffer.from("a2a0d0ebe5b9334487c068b6b72699c7", "hex");

/** A whole disk with protective MBR, primary and backup GPT. */
export function gptDisk(options: {
  readonly sectors: number;
  readonly sectorBytes?: number;
  readonly entries: readonly GptEntry[];
  readonly entryBytes?: number;
  readonly mbr?: readonly MbrEntry[];
}): Buffer {
  const { sectors, sectorBytes = 512, entries, entryBytes = 128 } = options;
  const disk = Buffer.alloc(sectors * sectorBytes);
  mbrSector(options.mbr ?? [{ type: 0xee, start: 1, sectors: sectors - 1 }]).copy(disk);
  const list = Buffer.alloc(128 * entryBytes);
  for (const [index, { first, last, attributes = 0n, name = "" }] of entries.entries()) {
    const at = index * entryBytes;
    DATA_TYPE.copy(list, at);
    Buffer.from(`00112233445566778899aabbccddee${(index + 16).toString(16)}`, "hex").copy(list, at + 16);
    list.writeBigUInt64LE(BigInt(first), at + 32);
    list.writeBigUInt64LE(BigInt(last), at + 40);
    list.writeBigUInt64LE(attributes, at + 48);
    list.write(name, at + 56, "utf16le");
  }
  const listSectors = Math.ceil(list.length / sectorBytes);
  for (const [at, other, listAt] of [
    [1, sectors - 1, 2],
    [sectors - 1, 1, sectors - 1 - listSectors],
  ] as const) {
    list.copy(disk, listAt * sectorBytes);
    const head = disk.subarray(at * sectorBytes, at * sectorBytes + 92);
    head.write("EFI PART", 0, "latin1");
    head.writeUInt32LE(0x10000, 8);
    head.writeUInt32LE(92, 12);
    head.writeBigUInt64LE(BigInt(at), 24);
    head.writeBigUInt64LE(BigInt(other), 32);
    head.writeBigUInt64LE(BigInt(2 + listSectors), 40);
    head.writeBigUInt64LE(BigInt(sectors - 2 - listSectors), 48);
    Buffer.from("000102030405060708090a0b0c0d0e0f", "hex").copy(head, 56);
    head.writeBigUInt64LE(BigInt(listAt), 72);
    head.writeUInt32LE(128, 80);
    head.writeUInt32LE(entryBytes, 84);
    head.writeUInt32LE(crc32(list), 88);
    head.writeUInt32LE(crc32(head), 16);
  }
  return disk;
}
