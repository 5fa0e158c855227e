// SPDX-License-Identifier: Apache-2.0
// Metadata of the Common RAID Disk Data Format (SNIA DDF): Dell PERC S, LSI, Adaptec HostRAID and others. In sectors of 512 bytes.
// Source: mdadm, super-ddf.c (ddf_header, virtual_disk, disk_data, vd_config); blkid, ddf_raid.c for the places of the anchor.
import { be, struct } from "../../../core/index.ts";
import { type Reader, readExactly } from "../reader.ts";
import type { RaidMetadata, RaidVolume } from "./metadata.ts";

const SECTOR = 512;
/** The anchor is the last sector; some controllers keep room behind it. */
const ANCHORS_FROM_END = [1, 257];

const HEADER = struct({
  magic: be.u32(0),
  guid: be.raw(8, 24),
  sequence: be.u32(40),
  primary: be.count64(96),
  recordSectors: be.u16(134),
  mostMembers: be.u16(136),
  virtualAt: be.u32(208),
  virtualSectors: be.u32(212),
  configAt: be.u32(216),
  configSectors: be.u32(220),
  dataAt: be.u32(224),
});
const HEADER_MAGIC = 0xde11de11;

/** disk_data: which of the disks this one is. */
const DISK = struct({ magic: be.u32(0), reference: be.u32(32) });
const DISK_MAGIC = 0x33333333;

/** vd_config; references of the members follow at 512, and behind these where their data begin. */
const RECORD = struct({
  magic: be.u32(0),
  guid: be.raw(8, 24),
  sequence: be.u32(36),
  members: be.u16(64),
  level: be.u8(67),
  secondary: be.u8(69),
  memberSectors: be.count64(72),
  volumeSectors: be.count64(80),
});
const RECORD_MAGIC = 0xeeeeeeee;
const MEMBERS_AT = 512;
const REFERENCE = struct({ value: be.u32(0) });
const START = struct({ sector: be.count64(0) });

/** virtual_entry, behind a header of its own size. */
const ENTRY = struct({ guid: be.raw(0, 24), state: be.u8(32), name: be.text(48, 16) });
const ENTRY_BYTES = 64;
const OPTIMAL = 0;

const LEVELS: Readonly<Record<number, string>> = {
  0x00: "RAID 0",
  0x01: "RAID 1",
  0x03: "RAID 3",
  0x04: "RAID 4",
  0x05: "RAID 5",
  0x06: "RAID 6",
  0x0f: "JBOD",
  0x11: "RAID 10",
  0x1f: "concatenation",
};

const MAX_SECTION_SECTORS = 4096;

/** null: there is none, or it is damaged. */
export async function readDdf(reader: Reader): Promise<RaidMetadata | null> {
  for (const fromEnd of ANCHORS_FROM_END) {
    const at = (Math.floor(reader.sizeBytes / SECTOR) - fromEnd) * SECTOR;
    const bytes = at < 0 ? null : await readExactly(reader, at, SECTOR);
    if (bytes === null || HEADER.read(bytes).magic !== HEADER_MAGIC) continue;
    const { primary, guid } = HEADER.read(bytes);
    const family = `ddf ${Buffer.from(guid).toString("hex")}`;
    const base = { title: "RAID of the DDF kind", family, diskCount: null };
    const head = await readExactly(reader, primary * SECTOR, SECTOR);
    if (head === null || HEADER.read(head).magic !== HEADER_MAGIC)
      return { ...base, generation: 0, volumes: "unknown" };
    const { sequence } = HEADER.read(head);
    return { ...base, generation: sequence, volumes: await readVolumes(reader, head, primary * SECTOR) };
  }
  return null;
}

async function readVolumes(
  reader: Reader,
  head: Uint8Array,
  primaryAt: number,
): Promise<readonly RaidVolume[] | "unknown"> {
  const header = HEADER.read(head);
  const section = async (at: number, sectors: number): Promise<Uint8Array | null> =>
    sectors === 0 || sectors > MAX_SECTION_SECTORS
      ? null
      : await readExactly(reader, primaryAt + at * SECTOR, sectors * SECTOR);
  const disk = await section(header.dataAt, 1);
  const records = await section(header.configAt, header.configSectors);
  const entries = await section(header.virtualAt, header.virtualSectors);
  const step = header.recordSectors * SECTOR;
  if (disk === null || DISK.read(disk).magic !== DISK_MAGIC || records === null || step === 0)
    return "unknown";
  const own = DISK.read(disk).reference;
  const newest = new Map<string, { readonly sequence: number; readonly volume: RaidVolume }>();
  for (let at = 0; at + step <= records.length; at += step) {
    const record = RECORD.read(records, at);
    if (record.magic !== RECORD_MAGIC) continue;
    const place = placeOf(records, { at, step, own, members: record.members, most: header.mostMembers });
    if (place === null) continue; // of a volume that this disk has no part of
    const guid = Buffer.from(record.guid).toString("hex");
    if ((newest.get(guid)?.sequence ?? -1) >= record.sequence) continue;
    const { name, state } = entryOf(entries, guid);
    newest.set(guid, {
      sequence: record.sequence,
      volume: {
        name,
        level:
          record.secondary > 1
            ? `${LEVELS[record.level] ?? "RAID"} in sets`
            : (LEVELS[record.level] ?? "RAID"),
        members: record.members * Math.max(1, record.secondary),
        start: place * SECTOR,
        sizeBytes: (record.level === 1 ? record.memberSectors : record.volumeSectors) * SECTOR,
        isWhole: (state & 7) === OPTIMAL,
      },
    });
  }
  const volumes = [...newest.values()].map(({ volume }) => volume);
  return volumes.every(({ start, sizeBytes }) => Number.isSafeInteger(start + sizeBytes))
    ? volumes
    : "unknown";
}

type Members = {
  readonly at: number;
  readonly step: number;
  readonly own: number;
  readonly members: number;
  readonly most: number;
};

/** Where the data begin on the disk `own`; null: it is no member. */
function placeOf(records: Uint8Array, { at, step, own, members, most }: Members): number | null {
  const startsAt = at + MEMBERS_AT + most * REFERENCE.sizeBytes;
  for (let index = 0; index < members && index < most; index += 1) {
    const reference = at + MEMBERS_AT + index * REFERENCE.sizeBytes;
    const start = startsAt + index * START.sizeBytes;
    if (start + START.sizeBytes > at + step) return null;
    if (REFERENCE.read(records, reference).value === own) return START.read(records, start).sector;
  }
  return null;
}

function entryOf(
  entries: Uint8Array | null,
  guid: string,
): { readonly name: string; readonly state: number } {
  if (entries !== null)
    for (let at = ENTRY_BYTES; at + ENTRY_BYTES <= entries.length; at += ENTRY_BYTES) {
      const entry = ENTRY.read(entries, at);
      if (Buffer.from(entry.guid).toString("hex") === guid)
        return { name: entry.name.replaceAll(/[^ -~]/g, "").trim(), state: entry.state };
    }
  return { name: "", state: OPTIMAL };
}
