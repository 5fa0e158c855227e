// SPDX-License-Identifier: Apache-2.0
// The superblock of a mirror that has fewer members from now on: what `mdadm --grow --raid-devices` would leave behind.
// Source: linux, include/uapi/linux/raid/md_p.h; drivers/md/md.c (super_90_sync, super_1_sync, calc_sb_csum).
import { checksum1, type MdSuperblock, readMdSuperblock } from "./superblock.ts";
import { openReader, partReader, viewOf } from "../reader.ts";

/** `place` counts from 0 among `count` members. */
export type MemberPlace = { readonly place: number; readonly count: number };

/** The 4096 bytes to be written where the superblock lies. Pure. The array is taken for in sync: all its members are. */
function renderFewerMembers(superblock: MdSuperblock, at: MemberPlace): Uint8Array {
  const bytes = Uint8Array.from(superblock.bytes);
  if (superblock.version === "1") fewer1(bytes, at);
  else fewer090(bytes, at);
  return bytes;
}

const IN_SYNC = 2n ** 64n - 1n;
/** A place in `dev_roles` that no member has. */
const SPARE = 0xffff;

function fewer1(bytes: Uint8Array, { place, count }: MemberPlace): void {
  const view = viewOf(bytes);
  const roles = view.getUint32(220, true);
  if (count > roles) throw new RangeError(`${count} members, and room for ${roles}`);
  view.setUint32(92, count, true);
  view.setUint32(160, place, true);
  view.setBigUint64(208, IN_SYNC, true);
  for (let role = 0; role < roles; role += 1)
    view.setUint16(256 + 2 * role, role < count ? role : SPARE, true);
  view.setUint32(216, checksum1(bytes.subarray(0, 256 + 2 * roles)), true);
}

const WORDS = { total: 9, members: 10, state: 33, active: 34, working: 35, failed: 36, spare: 37, sum: 38 };
const CLEAN = 1;
/** Active and in sync. */
const DESCRIPTOR_STATE = 6;
const DESCRIPTORS = 128;
const DESCRIPTOR_WORDS = 32;
const MAX_MEMBERS = 27;
const THIS_DISK = 992;

function fewer090(bytes: Uint8Array, { place, count }: MemberPlace): void {
  if (count > MAX_MEMBERS) throw new RangeError(`${count} members, and room for ${MAX_MEMBERS}`);
  const view = viewOf(bytes);
  const get = (word: number): number => view.getUint32(4 * word, true);
  const set = (word: number, value: number): void => view.setUint32(4 * word, value, true);
  for (const word of [WORDS.total, WORDS.members, WORDS.active, WORDS.working]) set(word, count);
  for (const word of [WORDS.failed, WORDS.spare]) set(word, 0);
  set(WORDS.state, (get(WORDS.state) & 0x100) | CLEAN); // 0x100: it has a bitmap
  const [major, minor] = [get(THIS_DISK + 1), get(THIS_DISK + 2)];
  const describe = (at: number, number: number): void => {
    for (const [index, value] of [number, major, minor, number, DESCRIPTOR_STATE].entries())
      set(at + index, value);
  };
  bytes.fill(0, 4 * DESCRIPTORS, 4 * (DESCRIPTORS + MAX_MEMBERS * DESCRIPTOR_WORDS));
  for (let number = 0; number < count; number += 1) describe(DESCRIPTORS + number * DESCRIPTOR_WORDS, number);
  describe(THIS_DISK, place);
  set(WORDS.sum, checksum090(bytes));
}

/** The sum of all 32-bit words but the checksum, folded. */
function checksum090(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  let sum = 0;
  for (let word = 0; word < 1024; word += 1) if (word !== WORDS.sum) sum += view.getUint32(4 * word, true);
  return ((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) % 2 ** 32;
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
