// SPDX-License-Identifier: Apache-2.0
// The header of an x86 kernel (kernel: Documentation/arch/x86/boot.rst): the release that it says of itself. Pure.

const MAGIC_AT = 0x202;
const VERSION_AT = 0x20e;

/** As in /lib/modules; null: it has no such header, or the header names none. */
export function kernelRelease(image: Uint8Array): string | null {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  if (bytes.length < VERSION_AT + 2 || bytes.toString("latin1", MAGIC_AT, MAGIC_AT + 4) !== "HdrS")
    return null;
  const at = bytes.readUInt16LE(VERSION_AT);
  if (at === 0) return null;
  const text = bytes.toString("latin1", at + 0x200, at + 0x200 + 128);
  return /^[A-Za-z0-9][A-Za-z0-9._+~-]*(?=[ \0])/.exec(text)?.[0] ?? null;
}
