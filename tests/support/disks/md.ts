// SPDX-License-Identifier: Apache-2.0
// Superblocks of Linux software RAID, written by hand after linux/include/uapi/linux/raid/md_p.h: the kernel here has no
// md, and mdadm makes no array without it. That they are right is judged by the kernel that boots the matrix' mirror.

export type MdVersion = "1.2" | "1.1" | "1.0" | "0.90";

export type MdSpec = {
  readonly version: MdVersion;
  /** Of the member. */
  readonly sizeBytes: number;
  readonly role: number;
  readonly events: number;
  readonly members: number;
  readonly level: number;
  /** Default: `aurora:0`; version 0.90 has the minor number 0. */
  readonly name?: string;
  /** Of levels that have chunks. */
  readonly chunkBytes?: number;
  /** In the kernel's numbers. */
  readonly layout?: number;
  /** Default: shut down cleanly. */
  readonly dirty?: boolean;
  /** Two hexadecimal digits that tell arrays apart. Default: `aa`. */
  readonly id?: string;
};

export type MdSuperblock = {
  readonly bytes: Buffer;
  readonly at: number;
  /** Of the array, as mdadm writes it. */
  readonly uuid: string;
  readonly data: { readonly start: number; readonly sizeBytes: number };
};

const arrayId = ({ id = "aa" }: MdSpec): Buffer => Buffer.from(`6d64a11ab1e50000111122223333${id}ff`, "hex");

const printId = (id: Buffer): string => (id.toString("hex").match(/.{8}/g) ?? []).join(":");

/** As mdadm leaves room for a bitmap and a log of bad blocks. */
const DATA_OFFSET = 2 ** 20;
const SECTOR = 512;

export function mdSuperblock(spec: MdSpec): MdSuperblock {
  const made = spec.version === "0.90" ? superblock090(spec) : superblock1(spec);
  return { ...made, uuid: printId(arrayId(spec)) };
}

function superblock1(spec: MdSpec): Omit<MdSuperblock, "uuid"> {
  const { version, sizeBytes, role, events, members, level, name = "aurora:0" } = spec;
  const { chunkBytes = 0, layout = 0, dirty = false } = spec;
  const last = Math.floor((sizeBytes / SECTOR - 16) / 8) * 8;
  const sector = { "1.0": last, "1.1": 0, "1.2": 8, "0.90": 0 }[version];
  const start = version === "1.0" ? 0 : DATA_OFFSET;
  const length = (version === "1.0" ? last * SECTOR : sizeBytes - DATA_OFFSET) - 2 ** 16;
  const bytes = Buffer.alloc(4096);
  bytes.writeUInt32LE(0xa92b4efc, 0);
  bytes.writeUInt32LE(1, 4);
  arrayId(spec).copy(bytes, 16);
  bytes.write(name, 32, "latin1");
  bytes.writeBigUInt64LE(1_700_000_000n, 64);
  bytes.writeInt32LE(level, 72);
  bytes.writeUInt32LE(layout, 76);
  bytes.writeBigUInt64LE(BigInt(level === 0 ? 0 : length / SECTOR), 80);
  bytes.writeUInt32LE(chunkBytes / SECTOR, 88);
  bytes.writeUInt32LE(members, 92);
  bytes.writeBigUInt64LE(BigInt(start / SECTOR), 128);
  bytes.writeBigUInt64LE(BigInt(length / SECTOR), 136);
  bytes.writeBigUInt64LE(BigInt(sector), 144);
  bytes.writeUInt32LE(role, 160);
  Buffer.alloc(16, 0x30 + role).copy(bytes, 168);
  bytes.writeBigUInt64LE(1_700_000_100n, 192);
  bytes.writeBigUInt64LE(BigInt(events), 200);
  bytes.writeBigUInt64LE(dirty ? 0n : 2n ** 64n - 1n, 208); // in sync to its end
  const roles = 128;
  bytes.writeUInt32LE(roles, 220);
  for (let i = 0; i < roles; i += 1) bytes.writeUInt16LE(i < members ? i : 0xffff, 256 + 2 * i);
  let sum = 0n;
  for (let at = 0; at < 256 + 2 * roles; at += 4) sum += BigInt(bytes.readUInt32LE(at));
  bytes.writeUInt32LE(Number(((sum & 0xffff_ffffn) + (sum >> 32n)) & 0xffff_ffffn), 216);
  return { bytes, at: sector * SECTOR, data: { start, sizeBytes: length } };
}

function superblock090(spec: MdSpec): Omit<MdSuperblock, "uuid"> {
  const { sizeBytes, role, events, members, level, chunkBytes = 0, layout = 0, dirty = false } = spec;
  const at = Math.floor(sizeBytes / 65_536) * 65_536 - 65_536;
  const bytes = Buffer.alloc(4096);
  const word = (index: number, value: number): void => void bytes.writeUInt32LE(value, 4 * index);
  word(0, 0xa92b4efc);
  word(2, 90);
  for (const [index, place] of [5, 13, 14, 15].entries())
    arrayId(spec).copy(bytes, 4 * place, 4 * index, 4 * index + 4);
  word(6, 1_700_000_000);
  bytes.writeInt32LE(level, 28);
  word(8, at / 1024);
  word(9, members);
  word(10, members);
  word(32, 1_700_000_100);
  word(33, dirty ? 0 : 1); // clean
  word(64, layout);
  word(65, chunkBytes);
  word(34, members);
  word(35, members);
  word(39, events);
  for (const [index, number] of [...Array.from({ length: members }, (_, i) => i), role].entries()) {
    const place = index === members ? 992 : 128 + 32 * index;
    word(place, number);
    word(place + 1, 8);
    word(place + 2, 16 * number + 1);
    word(place + 3, number);
    word(place + 4, 6); // active, in sync
  }
  let sum = 0n;
  for (let index = 0; index < 1024; index += 1) sum += BigInt(bytes.readUInt32LE(4 * index));
  word(38, Number(((sum & 0xffff_ffffn) + (sum >> 32n)) & 0xffff_ffffn));
  return { bytes, at, data: { start: 0, sizeBytes: at } };
}
