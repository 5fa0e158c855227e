// SPDX-License-Identifier: Apache-2.0
// Reads GUID partition tables (UEFI specification 2.10, chapter 5.3): primary, or backup where that is damaged.
import { crc32 } from "node:zlib";
import {
  guidField,
  le,
  makeProblem,
  named,
  type Problem,
  renderGuid,
  struct,
  type ValuesOf,
} from "../../../core/index.ts";
import { type Reader, readExactly } from "../reader.ts";
import type { TablePartition } from "./types.ts";

/** 128 entries of 128 bytes are usual; this is far more than any tool writes. */
const MAX_ENTRIES = 16_384;
const MAX_ENTRIES_BYTES = 4 * 2 ** 20;

export type GptTable = {
  readonly id: string | null;
  readonly partitions: readonly TablePartition[];
  readonly problems: readonly Problem[];
};

const SIGNATURE = "EFI PART";

/** Table 5-5 of the specification. Places are sectors. */
const HEADER = struct({
  signature: le.text(0, 8),
  headerBytes: le.u32(12),
  headerCrc: le.u32(16),
  ownSector: le.u64(24),
  diskGuid: guidField(56),
  entriesSector: le.u64(72),
  entryCount: le.u32(80),
  entryBytes: le.u32(84),
  entriesCrc: le.u32(88),
});
const HEADER_CRC = { start: 16, end: 20 };

/** Table 5-6. */
const ENTRY = struct({
  type: guidField(0),
  uuid: guidField(16),
  firstSector: le.u64(32),
  lastSector: le.u64(40),
  /** The low byte of the attributes. */
  attributes: le.u8(48),
  name: le.raw(56, 72),
});
const UNUSED_TYPE = renderGuid(new Uint8Array(16));
const LEGACY_BOOTABLE = 4;

type Header = ValuesOf<typeof HEADER>;

type Found = { readonly header: Header; readonly entries: Uint8Array };
type Side = Found | { readonly wrong: string };

type Options = { readonly sectorBytes: number; readonly title: string };

/** Reads all partitions; `start` and `end` are bytes and may lie beyond the end of the disk. */
export async function readGpt(reader: Reader, { sectorBytes, title }: Options): Promise<GptTable> {
  const lastSector = Math.floor(reader.sizeBytes / sectorBytes) - 1;
  const primary = await readSide(reader, 1, sectorBytes);
  const backup = await readSide(reader, lastSector, sectorBytes);
  const problems: Problem[] = [];
  const side = "wrong" in primary ? backup : primary;
  if ("wrong" in side) {
    problems.push(
      makeProblem("gpt-damaged", {
        about: named("disk", title),
        text: `${title}: both copies of the GPT are damaged (${"wrong" in primary ? primary.wrong : ""})`,
        advice: "Repair the table with gdisk on the machine itself, or copy the disk as it is with --as-is",
      }),
    );
    return { id: null, partitions: [], problems };
  }
  if ("wrong" in primary)
    problems.push(
      makeProblem("gpt-primary-damaged", {
        about: named("disk", title),
        text: `${title}: the GPT at the start of the disk is damaged (${primary.wrong}); its backup is used`,
        advice: "The VM gets the disk as it is; repair the table there with sgdisk or gdisk",
      }),
    );
  else if ("wrong" in backup)
    problems.push(
      makeProblem("gpt-backup-damaged", {
        about: named("disk", title),
        text: `${title}: the GPT's backup at the end of the disk is missing (${backup.wrong})`,
        advice: "The VM gets the disk as it is; sgdisk -e writes the backup anew",
      }),
    );
  const parsed = parseEntries(side, sectorBytes, title);
  return { ...parsed, id: side.header.diskGuid, problems: [...problems, ...parsed.problems] };
}

/** Is there a whole GPT, whatever sector 0 says? */
export async function hasGpt(reader: Reader, sectorBytes: number): Promise<boolean> {
  return !("wrong" in (await readSide(reader, 1, sectorBytes)));
}

async function readSide(reader: Reader, sector: number, sectorBytes: number): Promise<Side> {
  const bytes = sector < 1 ? null : await readExactly(reader, sector * sectorBytes, sectorBytes);
  if (bytes === null) return { wrong: "the disk is too small" };
  const header = parseHeader(bytes, sector);
  if ("wrong" in header) return header;
  const length = header.entryCount * header.entryBytes;
  const entries = await readExactly(reader, sectorNumber(header.entriesSector) * sectorBytes, length);
  if (entries === null) return { wrong: "its entries leave the disk" };
  if (crc32(entries) >>> 0 !== header.entriesCrc) return { wrong: "the checksum of its entries is wrong" };
  return { header, entries };
}

/** `sector` is where the bytes were read: a header says its own place. */
function parseHeader(bytes: Uint8Array, sector: number): Header | { readonly wrong: string } {
  const header = HEADER.read(bytes);
  const { headerBytes, entryCount, entryBytes } = header;
  if (header.signature !== SIGNATURE) return { wrong: "no signature" };
  if (headerBytes < HEADER.sizeBytes || headerBytes > bytes.length)
    return { wrong: `a header of ${headerBytes} bytes` };
  const summed = Uint8Array.from(bytes.subarray(0, headerBytes)); // a copy: slice() of a Buffer is none
  summed.fill(0, HEADER_CRC.start, HEADER_CRC.end);
  if (crc32(summed) >>> 0 !== header.headerCrc) return { wrong: "the header's checksum is wrong" };
  if (header.ownSector !== BigInt(sector)) return { wrong: "the header belongs elsewhere" };
  if (entryBytes < ENTRY.sizeBytes || entryBytes > 4096 || entryBytes % 8 !== 0)
    return { wrong: `entries of ${entryBytes} bytes` };
  if (entryCount > MAX_ENTRIES || entryCount * entryBytes > MAX_ENTRIES_BYTES)
    return { wrong: `${entryCount} entries` };
  return header;
}

function parseEntries(
  { header, entries }: Found,
  sectorBytes: number,
  title: string,
): { partitions: TablePartition[]; problems: Problem[] } {
  const partitions: TablePartition[] = [];
  const problems: Problem[] = [];
  for (let index = 0; index < header.entryCount; index += 1) {
    const entry = ENTRY.read(entries, index * header.entryBytes);
    if (entry.type === UNUSED_TYPE) continue;
    const first = sectorNumber(entry.firstSector);
    const last = sectorNumber(entry.lastSector);
    const end = (last + 1) * sectorBytes;
    if (first > last || first < 1 || !Number.isSafeInteger(end)) {
      problems.push(
        makeProblem("gpt-entry-invalid", {
          about: named("disk", title),
          text: `${title}: partition ${index + 1} has no valid place (sectors ${first} to ${last}); it is ignored, as Linux does`,
          advice: "The bytes are copied all the same",
        }),
      );
      continue;
    }
    partitions.push({
      number: index + 1,
      start: first * sectorBytes,
      end,
      type: entry.type.toUpperCase(),
      uuid: entry.uuid,
      name: Buffer.from(entry.name).toString("utf16le").replace(/\0.*$/s, ""),
      bootable: (entry.attributes & LEGACY_BOOTABLE) !== 0,
      extended: false,
    });
  }
  return { partitions, problems };
}

/** Sector numbers beyond what a double counts become a number that no disk has. */
function sectorNumber(value: bigint): number {
  return value > 2n ** 43n ? 2 ** 50 : Number(value);
}
