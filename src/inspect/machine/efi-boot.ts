// SPDX-License-Identifier: Apache-2.0
// The boot menu of UEFI firmware: load options and their device paths (UEFI specification 2.10, 3.1.3 and 10.3).
import type { BootEntry } from "../../core/index.ts";
import { guid } from "../storage/table/gpt.ts";

const ACTIVE = 1;
const MAX_NODES = 64;
const MAX_DESCRIPTION = 256;

/** `value` is a Boot#### variable without its attributes. null where it is no load option. */
export function parseLoadOption(number: number, value: Uint8Array): BootEntry | null {
  const view = viewOf(value);
  if (value.length < 8) return null;
  let at = 6;
  let label = "";
  for (; ; at += 2) {
    if (at + 2 > value.length || label.length > MAX_DESCRIPTION) return null;
    const unit = view.getUint16(at, true);
    if (unit === 0) break;
    label += String.fromCharCode(unit);
  }
  const paths = value.subarray(at + 2, Math.min(value.length, at + 2 + view.getUint16(4, true)));
  return {
    number,
    label: cleanText(label),
    active: (view.getUint32(0, true) & ACTIVE) !== 0,
    path: renderDevicePath(paths),
  };
}

/** BootOrder: numbers of two bytes. */
export function parseBootOrder(value: Uint8Array): readonly number[] {
  const view = viewOf(value);
  const numbers = new Set<number>();
  for (let at = 0; at + 2 <= value.length; at += 2) numbers.add(view.getUint16(at, true));
  return [...numbers];
}

/** First those that are in the order, then the others by number. */
export function sortBootEntries(
  entries: readonly BootEntry[],
  order: readonly number[],
): readonly BootEntry[] {
  const rank = (entry: BootEntry): number => {
    const place = order.indexOf(entry.number);
    return place < 0 ? order.length + entry.number : place;
  };
  return entries.toSorted((a, b) => rank(a) - rank(b));
}

/** The nodes that say where a loader lies, as efibootmgr writes them; null where none of them is known. */
export function renderDevicePath(bytes: Uint8Array): string | null {
  const parts: string[] = [];
  const view = viewOf(bytes);
  let at = 0;
  for (let count = 0; count < MAX_NODES && at + 4 <= bytes.length; count += 1) {
    const [type, subtype, length] = [view.getUint8(at), view.getUint8(at + 1), view.getUint16(at + 2, true)];
    if (length < 4 || at + length > bytes.length || (type & 0x7f) === 0x7f) break;
    const text = renderNode(type, subtype, bytes.subarray(at + 4, at + length));
    if (text !== null && text !== "") parts.push(text);
    at += length;
  }
  return parts.length === 0 ? null : parts.join("/");
}

/** Media 4.1 hard drive, 4.4 file path; messaging 3.11 MAC, 3.12 IPv4, 3.13 IPv6; 5.1 legacy BIOS. */
function renderNode(type: number, subtype: number, data: Uint8Array): string | null {
  const hex = (from: number, to: number): string => Buffer.from(data.subarray(from, to)).toString("hex");
  switch (type * 256 + subtype) {
    case 0x0401:
      return data.length < 38 ? null : renderHardDrive(data);
    case 0x0404:
      return cleanText(Buffer.from(data).toString("utf16le").replace(/\0.*$/s, ""));
    case 0x030b:
      return data.length < 6 ? null : `MAC(${hex(0, 6)})`;
    case 0x030c:
      return "IPv4";
    case 0x030d:
      return "IPv6";
    case 0x0501:
      return `BIOS(${cleanText(Buffer.from(data.subarray(4)).toString("latin1").replace(/\0.*$/s, ""))})`;
    default:
      return null;
  }
}

function renderHardDrive(data: Uint8Array): string {
  const view = viewOf(data);
  const number = view.getUint32(0, true);
  return view.getUint8(37) === 1
    ? `HD(${number},MBR,${view.getUint32(20, true).toString(16)})`
    : `HD(${number},GPT,${guid(data.subarray(20, 36))})`;
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Firmware fills descriptions with blanks and odd characters. */
function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\ufffd]/gu, "?")
    .trim();
}
