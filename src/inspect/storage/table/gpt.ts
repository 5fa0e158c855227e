// SPDX-License-Identifier: Apache-2.0
// Reads GUID partition tables (UEFI specification 2.10, chapter 5.3): primary, or backup where that is damaged.
import { crc32 } from "node:zlib";
import { makeProblem, named, type Problem } from "../../../core/index.ts";
import { type Reader, readExactly, viewOf } from "../reader.ts";
import type { TablePartition } from "./types.ts";

/** 128 entries of 128 bytes are usual; this is far more than any tool writes. */
const MAX_ENTRIES = 16_384;
const MAX_ENTRIES_BYTES = 4 * 2 ** 20;

export type GptTable = {
  readonly id: string | null;
  readonly partitions: readonly TablePartition[];
  readonly problems: readonly Problem[];
};

type Header = {
  readonly diskGuid: string;
  readonly entriesAt: number;
  readonly entryCount: number;
  readonly entryBytes: number;
  readonly entriesCrc: number;
};

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
  const entries = await readExactly(reader, header.entriesAt * sectorBytes, length);
  if (entries === null) return { wrong: "its entries leave the disk" };
  if (crc32(entries) >>> 0 !== header.entriesCrc) return { wrong: "the checksum of its entries is wrong" };
  return { header, entries };
}

/** `sector` is where the bytes were read: a header says its own place. */
function parseHeader(bytes: Uint8Array, sector: number): Header | { readonly wrong: string } {
  const view = viewOf(bytes);
  if (Buffer.from(bytes.subarray(0, 8)).toString("latin1") !== "EFI PART") return { wrong: "no signature" };
  const headerBytes = view.getUint32(12, true);
  if (headerBytes < 92 || headerBytes > bytes.length) return { wrong: `a header of ${headerBytes} bytes` };
  const summed = Uint8Array.from(bytes.subarray(0, headerBytes)); // a copy: slice() of a Buffer is none
  summed.fill(0, 16, 20);
  if (crc32(summed) >>> 0 !== view.getUint32(16, true)) return { wrong: "the header's checksum is wrong" };
  if (view.getBigUint64(24, true) !== BigInt(sector)) return { wrong: "the header belongs elsewhere" };
  const entriesAt = sectorNumber(view, 72);
  const entryCount = view.getUint32(80, true);
  const entryBytes = view.getUint32(84, true);
  if (entryBytes < 128 || entryBytes > 4096 || entryBytes % 8 !== 0)
    return { wrong: `entries of ${entryBytes} bytes` };
  if (entryCount > MAX_ENTRIES || entryCount * entryBytes > MAX_ENTRIES_BYTES)
    return { wrong: `${entryCount} entries` };
  return {
    diskGuid: guid(bytes.subarray(56, 72)),
    entriesAt,
    entryCount,
    entryBytes,
    entriesCrc: view.getUint32(88, true),
  };
}

function parseEntries(
  { header, entries }: Found,
  sectorBytes: number,
  title: string,
): { partitions: TablePartition[]; problems: Problem[] } {
  const view = viewOf(entries);
  const partitions: TablePartition[] = [];
  const problems: Problem[] = [];
  for (let index = 0; index < header.entryCount; index += 1) {
    const at = index * header.entryBytes;
    const type = entries.subarray(at, at + 16);
    if (type.every((byte) => byte === 0)) continue;
    const first = sectorNumber(view, at + 32);
    const last = sectorNumber(view, at + 40);
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
      type: guid(type).toUpperCase(),
      uuid: guid(entries.subarray(at + 16, at + 32)),
      name: Buffer.from(entries.subarray(at + 56, at + 128))
        .toString("utf16le")
        .replace(/\0.*$/s, ""),
      bootable: (view.getUint8(at + 48) & 4) !== 0,
      extended: false,
    });
  }
  return { partitions, problems };
}

/** Sector numbers beyond what a double counts become a number that no disk has. */
function sectorNumber(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value > 2n ** 43n ? 2 ** 50 : Number(value);
}

/** Text of a GUID, lower case: its first three fields are little-endian. */
export function guid(bytes: Uint8Array): string {
  const hex = (from: number, to: number, reverse: boolean): string => {
    const part = bytes.subarray(from, to);
    return Buffer.from(reverse ? part.toReversed() : part).toString("hex");
  };
  return [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)].join("-");
}
