// SPDX-License-Identifier: Apache-2.0
// The structures of the SMBIOS table (DMTF DSP0134 3.x), of which only the memory modules are needed.

/** Real tables have some hundred structures. */
const MAX_STRUCTURES = 65_536;
const MEMORY_DEVICE = 17;
const END = 127;
/** Memory types (7.18.2) that are no RAM: ROM, flash, logical non-volatile. */
const NOT_RAM: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x1f]);

/** null: no module is listed, or one does not tell its size. A table that breaks off ends there. */
export function parseSmbios(table: Uint8Array): { readonly memoryBytes: number | null } {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  let sum = 0;
  let at = 0;
  for (let count = 0; count < MAX_STRUCTURES && at + 4 <= table.length; count += 1) {
    const [type, length] = [view.getUint8(at), view.getUint8(at + 1)];
    if (length < 4 || at + length > table.length || type === END) break;
    if (type === MEMORY_DEVICE) {
      const bytes = moduleBytes(view, at, length);
      if (bytes === null) return { memoryBytes: null };
      sum += bytes;
    }
    at = stringsEnd(table, at + length);
  }
  return { memoryBytes: sum > 0 && Number.isSafeInteger(sum) ? sum : null };
}

/** Size in 7.18.1: 0 = empty slot, 0xffff = unknown, 0x7fff = see the extended size; bit 15: KiB instead of MiB. */
function moduleBytes(view: DataView, at: number, length: number): number | null {
  if (length < 0x13) return null;
  if (NOT_RAM.has(view.getUint8(at + 0x12))) return 0;
  const size = view.getUint16(at + 0x0c, true);
  if (size === 0xffff) return null;
  if (size === 0x7fff) return length < 0x20 ? null : (view.getUint32(at + 0x1c, true) & 0x7fffffff) * 2 ** 20;
  return (size & 0x8000) === 0 ? size * 2 ** 20 : (size & 0x7fff) * 1024;
}

/** The strings behind a structure end with two zero bytes. */
function stringsEnd(table: Uint8Array, from: number): number {
  let at = from;
  while (at + 1 < table.length && (table[at] !== 0 || table[at + 1] !== 0)) at += 1;
  return at + 2;
}
