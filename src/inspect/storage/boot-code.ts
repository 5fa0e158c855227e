// SPDX-License-Identifier: Apache-2.0
// What a BIOS starts from a disk: the code in its first sector, and what that starts in turn. Only read, never run.
import { type BootCode, dataView, le, struct } from "../../core/index.ts";
import type { Reader } from "./reader.ts";
import type { DiskTable } from "./table/table.ts";

const SECTOR_BYTES = 512;
/** Behind it are the disk's signature and the partition table. */
const CODE_BYTES = 440;

/** The header of a GPT and its 128 entries, with the first sector. */
const GPT_SECTORS = 34;

/**
 * boot.img of GRUB 2 (grub-core/boot/i386/pc/boot.S) and stage1 of GRUB legacy (stage1.S) begin with a jump over their
 * parameters, of other lengths; each says in which sector the rest begins, counted in 512 bytes.
 */
const GRUB2 = struct({ jump: le.u16(0), coreSector: le.count64(0x5c) });
const GRUB_LEGACY = struct({ jump: le.u16(0), stage2Sector: le.u32(0x44) });
const GRUB2_JUMP = 0x63eb;
const GRUB_LEGACY_JUMP = 0x48eb;

export async function readBootCode(
  reader: Reader,
  { kind, partitions }: Pick<DiskTable, "kind" | "partitions">,
): Promise<BootCode> {
  const sector = await reader.read(0, SECTOR_BYTES);
  const code = await readCode(reader, sector, kind === "gpt" ? GPT_SECTORS : 0);
  if (code.kind !== "active") return code;
  const active = partitions.find((part) => part.bootable);
  if (active === undefined) return code;
  const own = await reader.read(active.start, SECTOR_BYTES);
  return { kind: "active", partition: active.number, starts: await readCode(reader, own) };
}

/** Of one sector; where it loads more, that is looked for on the disk. */
async function readCode(reader: Reader, sector: Uint8Array, taken = 0): Promise<BootCode> {
  if (sector.length < SECTOR_BYTES || sector.subarray(0, CODE_BYTES).every((byte) => byte === 0))
    return { kind: "none" };
  const text = Buffer.from(sector).toString("latin1", 0, CODE_BYTES);
  const has = async (at: number): Promise<boolean> => {
    if (at < taken) return false; // the table itself
    const next = await reader.read((at === 0 ? 1 : at) * SECTOR_BYTES, SECTOR_BYTES);
    return next.some((byte) => byte !== 0);
  };
  const view = dataView(sector);
  if (text.includes("GRUB ", 0x100)) {
    const { jump, coreSector } = GRUB2.read(view);
    if (jump === GRUB2_JUMP)
      return { kind: "grub2", core: Number.isSafeInteger(coreSector) && (await has(coreSector)) };
    if (jump === GRUB_LEGACY_JUMP)
      return { kind: "grub-legacy", core: await has(GRUB_LEGACY.read(view).stage2Sector) };
  }
  if (text.startsWith("LILO", 6)) return { kind: "lilo" };
  if (/^.{3}(?:SYS|EXT)LINUX/s.test(text)) return { kind: "syslinux" };
  // mkfs.fat writes code that only prints this.
  if (text.includes("This is not a bootable disk")) return { kind: "none" };
  return STARTS_ACTIVE.test(text) ? { kind: "active", partition: null, starts: null } : { kind: "other" };
}

/** What the usual sectors print when there is no active partition: mbr.bin and gptmbr.bin of syslinux, DOS and Windows, Debian's mbr. */
const STARTS_ACTIVE = /Missing (?:operating system|OS)|Invalid partition table|No active partition/i;
