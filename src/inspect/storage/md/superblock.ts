// SPDX-License-Identifier: Apache-2.0
// The superblock of a member of a Linux software RAID: versions 1.0, 1.1, 1.2 and 0.90 (little-endian).
// Source: linux, include/uapi/linux/raid/md_p.h; drivers/md/md.c (super_90_load, super_1_load, calc_sb_1_csum).
import { dataView, type Field, le, struct } from "../../../core/index.ts";
import { type Reader, readExactly } from "../reader.ts";

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
export const SUPERBLOCK_BYTES = 4096;

/** mdp_superblock_1; one role for each device that ever was a member follows. Sizes and places are sectors. */
export const SUPER_1 = struct({
  magic: le.u32(0),
  majorVersion: le.u32(4),
  features: le.u32(8),
  arrayUuid: le.raw(16, 16),
  /** `HOST:NAME`. */
  name: le.text(32, 32),
  level: le.i32(72),
  layout: le.u32(76),
  size: le.count64(80),
  chunkSectors: le.u32(88),
  memberCount: le.u32(92),
  dataStart: le.count64(128),
  dataSize: le.count64(136),
  ownSector: le.u64(144),
  /** The index of its own role. */
  device: le.u32(160),
  events: le.u64(200),
  /** Up to here all is in sync. */
  resyncUpTo: le.u64(208),
  checksum: le.u32(216),
  roleCount: le.u32(220),
});
export const ROLES_AT = 256;
/** In `resyncUpTo`: all of it. */
export const IN_SYNC = 2n ** 64n - 1n;
/** Roles from here on are none: spare, faulty, journal. */
const FIRST_NO_ROLE = 0xfff0;
export const SPARE = 0xffff;
export const roleField = (index: number): Field<number> => le.u16(ROLES_AT + 2 * index);
/** Feature bits of version 1 under which the data lie otherwise than told here: recovery, reshape, replacement, journal. */
const UNFINISHED = 2 | 4 | 16 | 64 | 512;

const word = (index: number): Field<number> => le.u32(4 * index);

/** mdp_superblock_s, by its words (MD_SB_*). Sizes are KiB. */
export const SUPER_090 = struct({
  magic: word(0),
  majorVersion: word(1),
  minorVersion: word(2),
  uuid0: le.raw(4 * 5, 4),
  level: le.i32(4 * 7),
  sizeKib: word(8),
  totalCount: word(9),
  memberCount: word(10),
  minorNumber: word(11),
  uuid123: le.raw(4 * 13, 12),
  state: word(33),
  activeCount: word(34),
  workingCount: word(35),
  failedCount: word(36),
  spareCount: word(37),
  checksum: word(38),
  eventsLow: word(39),
  eventsHigh: word(40),
  layout: word(64),
  chunkBytes: word(65),
});
export const CLEAN = 1;
/** mdp_disk_t: one for each member, and one more for the member itself. */
export const DESCRIPTOR = struct({
  number: word(0),
  majorNumber: word(1),
  minorNumber: word(2),
  role: word(3),
  state: word(4),
});
export const DESCRIPTORS_AT = 4 * 128;
export const DESCRIPTOR_BYTES = 4 * 32;
export const MAX_DESCRIPTORS = 27;
export const OWN_DESCRIPTOR_AT = 4 * 992;
/** Active and in sync. */
export const DESCRIPTOR_IN_SYNC = 0b110;
const DESCRIPTOR_FLAGS = 0b111;
/** 91 is being reshaped. */
const MINOR_VERSION = 90;

/** A superblock where it was found: `at` is the byte of the member at which its SUPERBLOCK_BYTES begin. */
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
    const bytes = sector < 0 ? null : await readExactly(reader, at, SUPERBLOCK_BYTES);
    const member = bytes === null ? null : parseSuper1(bytes, sector);
    if (bytes !== null && member !== null)
      return fits(member, reader.sizeBytes) ? { at, bytes, version: "1", member } : null;
  }
  const last = Math.floor(reader.sizeBytes / 65_536) * 65_536 - 65_536;
  const bytes = last < 0 ? null : await readExactly(reader, last, SUPERBLOCK_BYTES);
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

/** Version 1, of SUPERBLOCK_BYTES read at `sector`. */
function parseSuper1(bytes: Uint8Array, sector: number): MdMember | null {
  const found = SUPER_1.read(bytes);
  if (found.magic !== MAGIC || found.majorVersion !== 1 || found.ownSector !== BigInt(sector)) return null;
  const end = ROLES_AT + 2 * found.roleCount;
  if (end > SUPERBLOCK_BYTES || checksum1(bytes.subarray(0, end)) !== found.checksum) return null;
  const role =
    found.device < found.roleCount ? roleField(found.device).get(dataView(bytes), 0) : FIRST_NO_ROLE;
  return {
    uuid: Buffer.from(found.arrayUuid).toString("hex"),
    name: found.name.slice(found.name.indexOf(":") + 1),
    level: found.level,
    memberCount: found.memberCount,
    role: role < FIRST_NO_ROLE ? role : null,
    events: found.events,
    chunkBytes: found.chunkSectors * SECTOR,
    layout: found.layout,
    dirty: found.resyncUpTo !== IN_SYNC,
    data: {
      start: found.dataStart * SECTOR,
      // Members of RAID 0 need not be of one size: `size` is 0, and each has its own.
      sizeBytes: (found.level === 0 ? found.dataSize : found.size) * SECTOR,
    },
    unfinished: (found.features & UNFINISHED) !== 0,
  };
}

/** The sum of its 32-bit words without the checksum itself, folded. */
export function checksum1(bytes: Uint8Array): number {
  const view = dataView(bytes);
  let sum = -SUPER_1.fields.checksum.get(view, 0);
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum += view.getUint32(at, true);
  if (bytes.length % 4 === 2) sum += view.getUint16(bytes.length - 2, true);
  return folded(sum);
}

export const folded = (sum: number): number => ((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) % 2 ** 32;

/** Version 0.90. Not of the other byte order, in which old SPARC and PowerPC machines wrote it. */
export function parseSuper090(bytes: Uint8Array): MdMember | null {
  const found = SUPER_090.read(bytes);
  if (found.magic !== MAGIC || found.majorVersion !== 0 || found.minorVersion < MINOR_VERSION) return null;
  const own = DESCRIPTOR.read(bytes, OWN_DESCRIPTOR_AT);
  return {
    uuid: Buffer.concat([found.uuid0, found.uuid123]).toString("hex"),
    name: String(found.minorNumber),
    level: found.level,
    memberCount: found.memberCount,
    role: (own.state & DESCRIPTOR_FLAGS) === DESCRIPTOR_IN_SYNC ? own.role : null,
    events: (BigInt(found.eventsHigh) << 32n) | BigInt(found.eventsLow),
    chunkBytes: found.chunkBytes,
    layout: found.layout,
    dirty: (found.state & CLEAN) === 0,
    data: { start: 0, sizeBytes: found.sizeKib * 1024 },
    unfinished: found.minorVersion > MINOR_VERSION,
  };
}
