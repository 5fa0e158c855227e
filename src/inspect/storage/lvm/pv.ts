// SPDX-License-Identifier: Apache-2.0
// Reads the label and the metadata text of an LVM2 physical volume (lvm2: lib/format_text/layout.h, lib/label/label.h).
import { crc32 } from "node:zlib";
import { le, struct } from "../../../core/index.ts";
import { type Reader, readExactly } from "../reader.ts";

const SECTOR = 512;
/** The label is in one of the first four sectors. */
const LABEL_SECTORS = 4;
/** label_header. */
const LABEL = struct({ id: le.text(0, 8), pvHeaderAt: le.u32(20), type: le.text(24, 8) });
/** pv_header; lists of areas follow. */
const PV_HEADER = struct({ uuid: le.text(0, 32), sizeBytes: le.count64(32) });
/** disk_locn. A list of them ends with a zero offset. */
const AREA = struct({ offset: le.count64(0), sizeBytes: le.count64(8) });
/** mda_header with the first of its raw_locn: where the newest text is. */
const MDA_HEADER = struct({
  checksum: le.u32(0),
  magic: le.text(4, 16),
  sizeBytes: le.count64(32),
  textAt: le.count64(40),
  textBytes: le.count64(48),
  textChecksum: le.u32(56),
  flags: le.u32(60),
});
/** Its checksum covers all behind itself. */
const MDA_SUMMED_AT = 4;
const MDA_IGNORED = 1;
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
    const { id, type } = LABEL.read(sector);
    if (id !== "LABELONE" || type !== "LVM2 001") continue;
    return await parseLabel(reader, sector);
  }
  return null;
}

async function parseLabel(reader: Reader, sector: Uint8Array): Promise<PvLabel | null> {
  const { pvHeaderAt } = LABEL.read(sector);
  if (pvHeaderAt < LABEL.sizeBytes || pvHeaderAt + PV_HEADER.sizeBytes > SECTOR) return null;
  const { uuid, sizeBytes } = PV_HEADER.read(sector, pvHeaderAt);
  if (!/^[A-Za-z0-9]{32}$/.test(uuid)) return null;
  // Two lists of (offset, size), each ended by a zero offset: data areas, then metadata areas.
  const lists: Area[][] = [[], []];
  let at = pvHeaderAt + PV_HEADER.sizeBytes;
  for (const list of lists)
    for (let ended = false; !ended && at + AREA.sizeBytes <= SECTOR; at += AREA.sizeBytes) {
      const area = AREA.read(sector, at);
      ended = area.offset === 0;
      if (area.offset > 0) list.push(area);
    }
  const texts: string[] = [];
  for (const area of (lists[1] ?? []).slice(0, MAX_AREAS)) {
    const text = await readMetadata(reader, area);
    if (text !== null) texts.push(text);
  }
  return { uuid, sizeBytes: Number.isNaN(sizeBytes) ? 0 : sizeBytes, texts };
}

type Area = { readonly offset: number; readonly sizeBytes: number };

async function readMetadata(reader: Reader, area: Area): Promise<string | null> {
  const found = await readExactly(reader, area.offset, MDA_HEADER_BYTES);
  const header = found === null ? null : MDA_HEADER.read(found);
  if (found === null || header?.magic !== MDA_MAGIC) return null;
  if (lvmCrc(found.subarray(MDA_SUMMED_AT)) !== header.checksum) return null;
  const { sizeBytes: areaBytes, textAt, textBytes } = header;
  if ((header.flags & MDA_IGNORED) !== 0) return null;
  if (!(textBytes > 0 && textBytes <= MAX_METADATA_BYTES && textAt >= MDA_HEADER_BYTES)) return null;
  if (!(textAt < areaBytes && textBytes <= areaBytes - MDA_HEADER_BYTES)) return null;
  // The area is a ring: what does not fit at its end goes on behind its header.
  const first = Math.min(textBytes, areaBytes - textAt);
  const parts = [await readExactly(reader, area.offset + textAt, first)];
  if (first < textBytes)
    parts.push(await readExactly(reader, area.offset + MDA_HEADER_BYTES, textBytes - first));
  const bytes = Buffer.concat(parts.filter((part) => part !== null));
  if (bytes.length !== textBytes || lvmCrc(bytes) !== header.textChecksum) return null;
  return bytes.toString("utf8").replace(/\0+$/, "");
}

/** CRC-32 (polynomial 0xedb88320) begun with LVM's own value and not inverted at the end. */
function lvmCrc(bytes: Uint8Array): number {
  const begin = 0xf597a6cf;
  return (~crc32(bytes, ~begin >>> 0) >>> 0) >>> 0;
}
