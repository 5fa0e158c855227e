// SPDX-License-Identifier: Apache-2.0
// Unified kernel images, as much of them as is looked into.

/** A PE program with its words and other sections. */
export function unified(cmdline: string, more: Readonly<Record<string, Uint8Array>> = {}): Buffer {
  const sections = Object.entries({ ".cmdline": Buffer.from(cmdline), ...more });
  const head = Buffer.alloc(512);
  head.write("MZ", 0);
  head.writeUInt32LE(0x40, 0x3c);
  head.write("PE\0\0", 0x40);
  head.writeUInt16LE(sections.length, 0x46);
  let end = head.length;
  for (const [index, [name, bytes]] of sections.entries()) {
    const at = 0x58 + 40 * index;
    head.write(name, at);
    for (const [field, value] of [bytes.length, 0, bytes.length, end].entries())
      head.writeUInt32LE(value, at + 8 + 4 * field);
    end += bytes.length;
  }
  return Buffer.concat([head, ...sections.map(([, bytes]) => bytes)]);
}
