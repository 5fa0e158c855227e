// SPDX-License-Identifier: Apache-2.0
// GUIDs as firmware and partition tables keep them: the first three fields are little-endian (UEFI specification, appendix A).
import { type Field, le } from "./struct.ts";

/** Text of 16 bytes, lower case. */
export function renderGuid(bytes: Uint8Array): string {
  const hex = swapped(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}

/** TypeError where the text is none. */
export function guidBytes(text: string): Buffer {
  const hex = text.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new TypeError(`Not a GUID: ${text}`);
  return swapped(Buffer.from(hex, "hex"));
}

/** A field of a struct. */
export const guidField = (at: number): Field<string> => {
  const bytes = le.raw(at, 16);
  return {
    end: bytes.end,
    get: (view, base) => renderGuid(bytes.get(view, base)),
    set: (view, base, value) => bytes.set(view, base, guidBytes(value)),
  };
};

function swapped(bytes: Uint8Array): Buffer {
  const out = Buffer.from(bytes);
  out.subarray(0, 4).reverse();
  out.subarray(4, 6).reverse();
  out.subarray(6, 8).reverse();
  return out;
}
