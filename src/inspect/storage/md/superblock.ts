// SPDX-License-Identifier: Apache-2.0
// The superblock of a member of a Linux software RAID: versions 1.0, 1.1, 1.2 and 0.90 (little-endian).
// Source: linux, include/uapi/linux/raid/md_p.h; drivers/md/md.c (super_90_load, super_1_load, calc_sb_1_csum).
import { type Reader, readExactly, viewOf } from "../reader.ts";

export type MdMember = {
  /** Of the array: 32 hexadecimal digits. */
  readonly uuid: string;
  /** Without the host's name before it: `0`, `root`; null for version 0.90 it is the minor number. */
  readonly name: string;
  readonly level: number;
  readonly memberCount: number;
  /** Place in the array; null: a spare, or taken out as faulty. */
  readonly role: number | null;
  /** Counts changes of the array: members with fewer were left behind. */
  readonly events: bigint;
  readonly chunkBytes: number;
  /** How chunks are laid out, in the kernel's numbers for the level. */
  readonly layout: number;
  /** It was not shut down: what the members say may not fit together. */
  readonly dirty: boolean;
  /** The array's bytes on this member. */
  readonly data: { readonly start: number; readonly sizeBytes: number };
  /** Being rebuilt or reshaped: its bytes are not those of the others. */
  readonly unfinished: boolean;
};

const MAGIC = 0xa92b4efc;
const SECTOR = 512;
/** Feature bits of version 1 under which the data lie otherwise than told here: recovery, reshape, replacement, journal. */
const UNFINISHED = 2 | 4 | 16 | 64 | 512;

/** A superblock where it was found: `at` is the byte of the member at which its 4096 bytes begin. */
export type MdSuperblock = {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly version: "0.90" | "1";
  readonly member: MdMember;
};

/** null: no superblock that is understood, or a damaged one. */
export async function readMdMember(reader: Reader): Promise<MdMember | null> {
  return (await readMdSuperblock(reader))?.member ?? null;
}

/** As readMdMember(), with the bytes. */
export async function readMdSuperblock(reader: Reader): Promise<MdSuperblock | null> {
  const sectors = Math.floor(reader.sizeBytes / SECTOR);
  // Places of 1.1, 1.2 and 1.0.
  for (const sector of [0, 8, Math.floor((sectors - 16) / 8) * 8]) {
    const at = sector * SECTOR;
    const bytes = sector < 0 ? null : await readExactly(reader, at, 4096);
    const member = bytes === null ? null : parseSuper1(bytes, sector);
    if (bytes !== null && member !== null)
      return fits(member, reader.sizeBytes) ? { at, bytes, version: "1", member } : null;
  }
  const last = Math.floor(reader.sizeBytes / 65_536) * 65_536 - 65_536;
  const bytes = last < 0 ? null : await readExactly(reader, last, 4096);
  const parsed = bytes === null ? null : parseSuper090(bytes);
  // Of RAID 0 it has no size: all before it (super_90_load).
  const member = parsed?.level === 0 ? { ...parsed, data: { start: 0, sizeBytes: last } } : parsed;
  if (bytes === null || member === null || !fits(member, reader.sizeBytes)) return null;
  return { at: last, bytes, version: "0.90", member };
}

function fits({ data }: MdMember, sizeBytes: number): boolean {
  const { start, sizeBytes: length } = data;
  return length > 0 && Number.isSafeInteger(start + length) && start + length <= sizeBytes;
}

/** Version 1, of 4096 bytes read at `sector`. */
function parseSuper1(bytes: Uint8Array, sector: number): MdMember | null {
  const view = viewOf(bytes);
  const u32 = (at: number): number => view.getUint32(at, true);
  if (u32(0) !== MAGIC || u32(4) !== 1 || view.getBigUint64(144, true) !== BigInt(sector)) return null;
  const roles = u32(220);
  const sizeBytes = 256 + 2 * roles;
  if (sizeBytes > 4096 || checksum1(bytes.subarray(0, sizeBytes)) !== u32(216)) return null;
  const place = u32(160) < roles ? view.getUint16(256 + 2 * u32(160), true) : 0xffff;
  const name = Buffer.from(bytes.subarray(32, 64)).toString("latin1").split("\0")[0] ?? "";
  return {
    uuid: Buffer.from(bytes.subarray(16, 32)).toString("hex"),
    name: name.slice(name.indexOf(":") + 1),
    level: view.getInt32(72, true),
    memberCount: u32(92),
    role: place < 0xfff0 ? place : null,
    events: view.getBigUint64(200, true),
    chunkBytes: u32(88) * SECTOR,
    layout: u32(76),
    dirty: view.getBigUint64(208, true) !== 2n ** 64n - 1n,
    data: {
      start: Number(view.getBigUint64(128, true)) * SECTOR,
      // Members of RAID 0 need not be of one size: `size` is 0, and each has its own.
      sizeBytes: Number(view.getBigUint64(view.getInt32(72, true) === 0 ? 136 : 80, true)) * SECTOR,
    },
    unfinished: (u32(8) & UNFINISHED) !== 0,
  };
}

/** The sum of its 32-bit words without the checksum itself, folded. */
export function checksum1(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let sum = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) if (at !== 216) sum += view.getUint32(at, true);
  if (bytes.length % 4 === 2) sum += view.getUint16(bytes.length - 2, true);
  return ((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) % 2 ** 32;
}

/** Version 0.90: 1024 words. Not of the other byte order, in which old SPARC and PowerPC machines wrote it. */
export function parseSuper090(bytes: Uint8Array): MdMember | null {
  const view = viewOf(bytes);
  const word = (index: number): number => view.getUint32(4 * index, true);
  if (word(0) !== MAGIC || word(1) !== 0 || word(2) < 90) return null;
  const thisDisk = 992;
  const inSync = (word(thisDisk + 4) & 0b111) === 0b110; // not faulty, active, in sync
  const ids = [5, 13, 14, 15].map((index) => Buffer.from(bytes.subarray(4 * index, 4 * index + 4)));
  return {
    uuid: Buffer.concat(ids).toString("hex"),
    name: String(word(11)),
    level: view.getInt32(4 * 7, true),
    memberCount: word(10),
    role: inSync ? word(thisDisk + 3) : null,
    events: (BigInt(word(40)) << 32n) | BigInt(word(39)),
    chunkBytes: word(65),
    layout: word(64),
    dirty: (word(33) & 1) === 0,
    data: { start: 0, sizeBytes: word(8) * 1024 },
    unfinished: word(2) > 90, // 91 is being reshaped
  };
}
