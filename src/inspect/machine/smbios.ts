// SPDX-License-Identifier: Apache-2.0
// The structures of the SMBIOS table (DMTF DSP0134 3.x), of which only the memory modules are needed.
import { le, struct } from "../../core/index.ts";

/** Real tables have some hundred structures. */
const MAX_STRUCTURES = 65_536;
/** What every structure begins with (6.1.2); `lengthBytes` is without the strings behind it. */
const STRUCTURE = struct({ type: le.u8(0), lengthBytes: le.u8(1), handle: le.u16(2) });
const MEMORY_DEVICE = 17;
/** 7.18: of old tables it ends behind the type; the extended size came later. */
const MODULE = struct({ size: le.u16(0x0c), memoryType: le.u8(0x12) });
const MODULE_EXTENDED = struct({ sizeMib: le.u32(0x1c) });
const END = 127;
/** Memory types (7.18.2) that are no RAM: ROM, flash, logical non-volatile. */
const NOT_RAM: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x1f]);

/** null: no module is listed, or one does not tell its size. A table that breaks off ends there. */
export function parseSmbios(table: Uint8Array): { readonly memoryBytes: number | null } {
  let sum = 0;
  let at = 0;
  for (let count = 0; count < MAX_STRUCTURES && at + STRUCTURE.sizeBytes <= table.length; count += 1) {
    const { type, lengthBytes: length } = STRUCTURE.read(table, at);
    if (length < STRUCTURE.sizeBytes || at + length > table.length || type === END) break;
    if (type === MEMORY_DEVICE) {
      const bytes = moduleBytes(table.subarray(at, at + length));
      if (bytes === null) return { memoryBytes: null };
      sum += bytes;
    }
    at = stringsEnd(table, at + length);
  }
  return { memoryBytes: sum > 0 && Number.isSafeInteger(sum) ? sum : null };
}

/** Size in 7.18.1: 0 = empty slot, 0xffff = unknown, 0x7fff = see the extended size; bit 15: KiB instead of MiB. */
function moduleBytes(structure: Uint8Array): number | null {
  if (structure.length < MODULE.sizeBytes) return null;
  const { size, memoryType } = MODULE.read(structure);
  if (NOT_RAM.has(memoryType)) return 0;
  if (size === 0xffff) return null;
  if (size === 0x7fff) {
    if (structure.length < MODULE_EXTENDED.sizeBytes) return null;
    return (MODULE_EXTENDED.read(structure).sizeMib & 0x7fffffff) * 2 ** 20;
  }
  return (size & 0x8000) === 0 ? size * 2 ** 20 : (size & 0x7fff) * 1024;
}

/** The strings behind a structure end with two zero bytes. */
function stringsEnd(table: Uint8Array, from: number): number {
  let at = from;
  while (at + 1 < table.length && (table[at] !== 0 || table[at + 1] !== 0)) at += 1;
  return at + 2;
}
