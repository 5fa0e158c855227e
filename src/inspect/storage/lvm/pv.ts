// SPDX-License-Identifier: Apache-2.0
// Reads the label and the metadata text of an LVM2 physical volume (lvm2: lib/format_text/layout.h, lib/label/label.h).
import { crc32 } from "node:zlib";
import { type Reader, readExactly, viewOf } from "../reader.ts";

const SECTOR = 512;
/** The label is in one of the first four sectors. */
const LABEL_SECTORS = 4;
const MDA_HEADER_BYTES = 512;
const MDA_MAGIC = "\u0020LVM2\u0020x[5A%r0N*>";
const MAX_AREAS = 8;
/** Real metadata of thousands of volumes takes 2 MiB. */
const MAX_METADATA_BYTES = 8 * 2 ** 20;

export type PvLabel = {
  /** 32 characters, without dashes. */
  readonly uuid: string;
  readonly sizeBytes: number;
  /** The newest text of each metadata area; [] where this volume keeps none. */
  readonly texts: readonly string[];
};

/** null: no LVM2 label. A damaged or absent metadata area gives no text. */
export async function readPv(reader: Reader): Promise<PvLabel | null> {
  const head = await reader.read(0, LABEL_SECTORS * SECTOR);
  for (let at = 0; at + SECTOR <= head.length; at += SECTOR) {
    const sector = head.subarray(at, at + SECTOR);
    if (latin1(sector, 0, 8) !== "LABELONE" || latin1(sector, 24, 32) !== "LVM2 001") continue;
    return await parseLabel(reader, sector);
  }
  return null;
}

async function parseLabel(reader: Reader, sector: Uint8Array): Promise<PvLabel | null> {
  const view = viewOf(sector);
  const headerAt = view.getUint32(20, true);
  if (headerAt < 32 || headerAt + 40 > SECTOR) return null;
  const uuid = latin1(sector, headerAt, headerAt + 32);
  if (!/^[A-Za-z0-9]{32}$/.test(uuid)) return null;
  // Two lists of (offset, size), each ended by a zero offset: data areas, then metadata areas.
  const lists: { offset: number; sizeBytes: number }[][] = [[], []];
  let at = headerAt + 40;
  for (const list of lists)
    for (; at + 16 <= SECTOR; at += 16) {
      const offset = number64(view, at);
      if (offset === 0) {
        at += 16;
        break;
      }
      if (offset !== null) list.push({ offset, sizeBytes: number64(view, at + 8) ?? 0 });
    }
  const texts: string[] = [];
  for (const area of (lists[1] ?? []).slice(0, MAX_AREAS)) {
    const text = await readMetadata(reader, area);
    if (text !== null) texts.push(text);
  }
  return { uuid, sizeBytes: number64(view, headerAt + 32) ?? 0, texts };
}

async function readMetadata(
  reader: Reader,
  area: { offset: number; sizeBytes: number },
): Promise<string | null> {
  const header = await readExactly(reader, area.offset, MDA_HEADER_BYTES);
  if (header === null || latin1(header, 4, 20) !== MDA_MAGIC) return null;
  const view = viewOf(header);
  if (lvmCrc(header.subarray(4)) !== view.getUint32(0, true)) return null;
  const areaBytes = number64(view, 32);
  const textAt = number64(view, 40);
  const textBytes = number64(view, 48);
  const ignored = (view.getUint32(60, true) & 1) !== 0;
  if (areaBytes === null || textAt === null || textBytes === null || ignored) return null;
  if (textBytes === 0 || textBytes > MAX_METADATA_BYTES || textAt < MDA_HEADER_BYTES) return null;
  if (textAt >= areaBytes || textBytes > areaBytes - MDA_HEADER_BYTES) return null;
  // The area is a ring: what does not fit at its end goes on behind its header.
  const first = Math.min(textBytes, areaBytes - textAt);
  const parts = [await readExactly(reader, area.offset + textAt, first)];
  if (first < textBytes)
    parts.push(await readExactly(reader, area.offset + MDA_HEADER_BYTES, textBytes - first));
  const bytes = Buffer.concat(parts.filter((part) => part !== null));
  if (bytes.length !== textBytes || lvmCrc(bytes) !== view.getUint32(56, true)) return null;
  return bytes.toString("utf8").replace(/\0+$/, "");
}

/** CRC-32 (polynomial 0xedb88320) begun with LVM's own value and not inverted at the end. */
function lvmCrc(bytes: Uint8Array): number {
  const begin = 0xf597a6cf;
  return (~crc32(bytes, ~begin >>> 0) >>> 0) >>> 0;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}

function number64(view: DataView, at: number): number | null {
  const value = view.getBigUint64(at, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(value);
}
