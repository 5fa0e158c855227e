// SPDX-License-Identifier: Apache-2.0
// The superblock of a mirror that has fewer members from now on: what `mdadm --grow --raid-devices` would leave behind.
// Source: linux, include/uapi/linux/raid/md_p.h; drivers/md/md.c (super_90_sync, super_1_sync, calc_sb_csum).
import { dataView } from "../../../core/index.ts";
import {
  checksum1,
  CLEAN,
  DESCRIPTOR,
  DESCRIPTOR_BYTES,
  DESCRIPTOR_IN_SYNC,
  DESCRIPTORS_AT,
  folded,
  IN_SYNC,
  MAX_DESCRIPTORS,
  type MdSuperblock,
  OWN_DESCRIPTOR_AT,
  readMdSuperblock,
  roleField,
  ROLES_AT,
  SPARE,
  SUPER_090,
  SUPER_1,
  SUPERBLOCK_BYTES,
} from "./superblock.ts";
import { openReader, partReader } from "../reader.ts";

/** `place` counts from 0 among `count` members. */
export type MemberPlace = { readonly place: number; readonly count: number };

/** The bytes to be written where the superblock lies. Pure. The array is taken for in sync: all its members are. */
function renderFewerMembers(superblock: MdSuperblock, at: MemberPlace): Uint8Array {
  const bytes = Uint8Array.from(superblock.bytes);
  if (superblock.version === "1") fewer1(bytes, at);
  else fewer090(bytes, at);
  return bytes;
}

function fewer1(bytes: Uint8Array, { place, count }: MemberPlace): void {
  const { roleCount } = SUPER_1.read(bytes);
  if (count > roleCount) throw new RangeError(`${count} members, and room for ${roleCount}`);
  SUPER_1.write(bytes, { memberCount: count, device: place, resyncUpTo: IN_SYNC });
  const view = dataView(bytes);
  for (let role = 0; role < roleCount; role += 1) roleField(role).set(view, 0, role < count ? role : SPARE);
  SUPER_1.write(bytes, { checksum: checksum1(bytes.subarray(0, ROLES_AT + 2 * roleCount)) });
}

/** Of the state it is kept: the array has a bitmap (MD_SB_BITMAP_PRESENT). */
const HAS_BITMAP = 0x100;

function fewer090(bytes: Uint8Array, { place, count }: MemberPlace): void {
  if (count > MAX_DESCRIPTORS) throw new RangeError(`${count} members, and room for ${MAX_DESCRIPTORS}`);
  SUPER_090.write(bytes, {
    totalCount: count,
    memberCount: count,
    activeCount: count,
    workingCount: count,
    failedCount: 0,
    spareCount: 0,
    state: (SUPER_090.read(bytes).state & HAS_BITMAP) | CLEAN,
  });
  const { majorNumber, minorNumber } = DESCRIPTOR.read(bytes, OWN_DESCRIPTOR_AT);
  const describe = (at: number, number: number): void =>
    DESCRIPTOR.write(
      bytes,
      { number, majorNumber, minorNumber, role: number, state: DESCRIPTOR_IN_SYNC },
      at,
    );
  bytes.fill(0, DESCRIPTORS_AT, DESCRIPTORS_AT + MAX_DESCRIPTORS * DESCRIPTOR_BYTES);
  for (let number = 0; number < count; number += 1)
    describe(DESCRIPTORS_AT + number * DESCRIPTOR_BYTES, number);
  describe(OWN_DESCRIPTOR_AT, place);
  SUPER_090.write(bytes, { checksum: checksum090(bytes) });
}

/** The sum of all 32-bit words but the checksum, folded. */
function checksum090(bytes: Uint8Array): number {
  const view = dataView(bytes);
  let sum = -SUPER_090.fields.checksum.get(view, 0);
  for (let at = 0; at < SUPERBLOCK_BYTES; at += 4) sum += view.getUint32(at, true);
  return folded(sum);
}

/**
 * What to write into a disk (or its view) at `path`, whose member lies at `range`; null: the array has so many members
 * already. Error where there is no superblock.
 */
export async function readFewerMembers(
  path: string,
  range: { readonly start: number; readonly end: number },
  at: MemberPlace,
): Promise<{ readonly offset: number; readonly bytes: Uint8Array } | null> {
  await using disk = await openReader(path, range.end);
  const found = await readMdSuperblock(partReader(disk, range.start, range.end - range.start));
  if (found === null) throw new Error(`${path} has no superblock of software RAID at byte ${range.start}`);
  if (found.member.memberCount === at.count) return null;
  return { offset: range.start + found.at, bytes: renderFewerMembers(found, at) };
}
