// SPDX-License-Identifier: Apache-2.0
// The boot menu of UEFI firmware: load options and their device paths (UEFI specification 2.10, 3.1.3 and 10.3).
import {
  type BootEntry,
  dataView,
  HARD_DRIVE,
  LOAD_OPTION,
  LOAD_OPTION_ACTIVE,
  PATH_NODE,
  PATH_NODES,
  shown,
  SIGNATURE_IS_MBR_ID,
} from "../../core/index.ts";

const MAX_NODES = 64;
const MAX_DESCRIPTION = 256;

/** `value` is a Boot#### variable without its attributes. null where it is not a load option. */
export function parseLoadOption(number: number, value: Uint8Array): BootEntry | null {
  const view = dataView(value);
  if (value.length < LOAD_OPTION.sizeBytes + 2) return null;
  const { attributes, pathsBytes } = LOAD_OPTION.read(view);
  let at = LOAD_OPTION.sizeBytes;
  let label = "";
  for (; ; at += 2) {
    if (at + 2 > value.length || label.length > MAX_DESCRIPTION) return null;
    const unit = view.getUint16(at, true);
    if (unit === 0) break;
    label += String.fromCharCode(unit);
  }
  const paths = value.subarray(at + 2, Math.min(value.length, at + 2 + pathsBytes));
  return {
    number,
    label: cleanText(label),
    active: (attributes & LOAD_OPTION_ACTIVE) !== 0,
    path: renderDevicePath(paths),
  };
}

/** BootOrder: numbers of two bytes. */
export function parseBootOrder(value: Uint8Array): readonly number[] {
  const view = dataView(value);
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
  let at = 0;
  for (let count = 0; count < MAX_NODES && at + PATH_NODE.sizeBytes <= bytes.length; count += 1) {
    const node = PATH_NODE.read(bytes, at);
    const end = at + node.lengthBytes;
    const isEnd = (node.type & PATH_NODES.end.type) === PATH_NODES.end.type;
    if (node.lengthBytes < PATH_NODE.sizeBytes || end > bytes.length || isEnd) break;
    const text = renderNode(node, bytes.subarray(at + PATH_NODE.sizeBytes, end));
    if (text !== null && text !== "") parts.push(text);
    at = end;
  }
  return parts.length === 0 ? null : parts.join("/");
}

/** Of a legacy BIOS device: its type and status, then its name (10.3.6.1). */
const BIOS_NAME_AT = 4;
const MAC_BYTES = 6;

/** `data`: what stands behind the node's head. */
function renderNode({ type, subtype }: PathNode, data: Uint8Array): string | null {
  const bytes = Buffer.from(data);
  switch (kindOf({ type, subtype })) {
    case "hardDrive":
      return data.length < HARD_DRIVE.sizeBytes ? null : renderHardDrive(data);
    case "filePath":
      return cleanText(bytes.toString("utf16le").replace(/\0.*$/s, ""));
    case "mac":
      return data.length < MAC_BYTES ? null : `MAC(${bytes.toString("hex", 0, MAC_BYTES)})`;
    case "ipv4":
      return "IPv4";
    case "ipv6":
      return "IPv6";
    case "bios":
      return `BIOS(${cleanText(bytes.subarray(BIOS_NAME_AT).toString("latin1").replace(/\0.*$/s, ""))})`;
    default:
      return null;
  }
}

type PathNode = { readonly type: number; readonly subtype: number };

const kindOf = ({ type, subtype }: PathNode): string =>
  Object.entries(PATH_NODES).find(([, node]) => node.type === type && node.subtype === subtype)?.[0] ?? "";

function renderHardDrive(data: Uint8Array): string {
  const { number, signatureKind, mbrId, uuid } = HARD_DRIVE.read(data);
  return signatureKind === SIGNATURE_IS_MBR_ID
    ? `HD(${number},MBR,${mbrId.toString(16)})`
    : `HD(${number},GPT,${uuid})`;
}

/** Firmware fills descriptions with blanks and odd characters. */
function cleanText(text: string): string {
  return shown(text.toWellFormed()).replaceAll("\ufffd", "?").trim();
}
