// SPDX-License-Identifier: Apache-2.0
// The text on a VM's screen, for guests whose kernel does not print on the serial port: VGA text memory. Pure.

/** VGA text mode: 32 KiB at 0xb8000, two bytes for each cell, 80 cells a row (IBM VGA; Linux' vgacon scrolls in it). */
export const TEXT_MEMORY = { address: 0xb8000, sizeBytes: 32 * 1024 } as const;

const COLUMNS = 80;

/** Rows that are not empty; [] when this is not text (a graphics mode). */
export function parseScreenText(memory: Uint8Array): readonly string[] {
  const rows: string[] = [];
  let odd = 0;
  for (let at = 0; at + 2 * COLUMNS <= memory.length; at += 2 * COLUMNS) {
    let row = "";
    for (let cell = 0; cell < COLUMNS; cell += 1) {
      const code = memory[at + 2 * cell] ?? 0;
      const printable = code >= 0x20 && code < 0x7f;
      // Above 0x7f are the lines of boxes; a picture has all codes alike.
      if (!printable && code !== 0 && code < 0xb0) odd += 1;
      row += printable ? String.fromCharCode(code) : " ";
    }
    const text = row.trimEnd();
    if (text !== "") rows.push(text);
  }
  return odd * 50 > memory.length / 2 ? [] : rows;
}
