// SPDX-License-Identifier: Apache-2.0
// Unified kernel images (UAPI.5): a PE program whose section `.cmdline` is the kernel's command line. Pure.

const MAX_SECTIONS = 96; // as Windows' loader; UKIs have about 10
const MAX_CMDLINE_BYTES = 64 * 2 ** 10;

/** The command line inside; null: no PE program, or none with such a section. PE format: Microsoft's specification. */
export function unifiedCmdline(bytes: Buffer): string | null {
  if (bytes.length < 64 || bytes.toString("latin1", 0, 2) !== "MZ") return null;
  const header = bytes.readUInt32LE(0x3c);
  if (header + 24 > bytes.length || bytes.toString("latin1", header, header + 4) !== "PE\0\0") return null;
  const count = Math.min(bytes.readUInt16LE(header + 6), MAX_SECTIONS);
  const table = header + 24 + bytes.readUInt16LE(header + 20);
  for (let at = table; at < table + count * 40 && at + 40 <= bytes.length; at += 40) {
    if (bytes.toString("latin1", at, at + 8) !== ".cmdline") continue;
    const size = Math.min(bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 16), MAX_CMDLINE_BYTES);
    const from = bytes.readUInt32LE(at + 20);
    const [text = ""] = bytes.toString("latin1", from, from + size).split("\0", 1);
    return text.trim();
  }
  return null;
}
