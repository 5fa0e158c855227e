// SPDX-License-Identifier: Apache-2.0
// Metadata of Intel's firmware RAID (Matrix Storage, RST; "imsm" of mdadm, "isw" of dmraid). In units of 512 bytes.
// Source: mdadm, super-intel.c (imsm_super, imsm_disk, imsm_dev, imsm_vol, imsm_map, load_imsm_mpb, get_imsm_raid_level).
import { le, struct } from "../../../core/index.ts";
import { type Reader, readExactly } from "../reader.ts";
import type { RaidMetadata, RaidVolume } from "./metadata.ts";

const SIGNATURE = "Intel Raid ISM Cfg Sig. ";
const SECTOR = 512;

/** imsm_super, the anchor in the second last sector of the disk. */
const ANCHOR = struct({
  signature: le.text(0, 24),
  checksum: le.u32(32),
  sizeBytes: le.u32(36),
  family: le.u32(40),
  generation: le.u32(44),
  diskCount: le.u8(56),
  volumeCount: le.u8(57),
});
const DISKS_AT = 0xd8;
const DISK_BYTES = 48;

/** imsm_dev with the part of its imsm_vol before the first imsm_map. */
const VOLUME = struct({
  name: le.text(0, 16),
  sizeLow: le.u32(16),
  sizeHigh: le.u32(20),
  migrating: le.u8(88),
});
const MAPS_AT = 112;
/** imsm_map; one word for each member follows. */
const MAP = struct({
  startLow: le.u32(0),
  memberBlocksLow: le.u32(4),
  state: le.u8(14),
  level: le.u8(15),
  members: le.u8(16),
  startHigh: le.u32(20),
});
const MEMBERS_AT = 48;
const NORMAL = 0;

/** More is no metadata: 255 disks, a few volumes. */
const MAX_BYTES = 64 * 1024;

/** null: there is none, or it is damaged. */
export async function readImsm(reader: Reader, sectorBytes: number): Promise<RaidMetadata | null> {
  const anchorAt = reader.sizeBytes - 2 * sectorBytes;
  const head = anchorAt < 0 ? null : await readExactly(reader, anchorAt, sectorBytes);
  if (head === null || head.length < SECTOR) return null;
  const anchor = ANCHOR.read(head);
  if (anchor.signature !== SIGNATURE || anchor.sizeBytes > MAX_BYTES) return null;
  const bytes = await readWhole(reader, { head, anchorAt, sizeBytes: anchor.sizeBytes });
  if (bytes === null) return null;
  const volumes = parseVolumes(bytes, anchor);
  return {
    title: "Intel RAID",
    family: `imsm ${anchor.family.toString(16)}`,
    generation: anchor.generation,
    diskCount: anchor.diskCount,
    volumes,
  };
}

type Place = { readonly head: Uint8Array; readonly anchorAt: number; readonly sizeBytes: number };

/** What does not fit into the anchor's sector lies before it. */
async function readWhole(reader: Reader, { head, anchorAt, sizeBytes }: Place): Promise<Uint8Array | null> {
  const more = Math.max(0, Math.ceil(sizeBytes / head.length) - 1) * head.length;
  if (more === 0) return head;
  const rest = await readExactly(reader, anchorAt - more, more);
  return rest === null ? null : Buffer.concat([head, rest]);
}

/** "unknown" where they do not lie inside the metadata, or say nothing that can be. */
function parseVolumes(
  bytes: Uint8Array,
  { diskCount, volumeCount }: { readonly diskCount: number; readonly volumeCount: number },
): readonly RaidVolume[] | "unknown" {
  const volumes: RaidVolume[] = [];
  let at = DISKS_AT + DISK_BYTES * diskCount;
  for (let index = 0; index < volumeCount; index += 1) {
    if (at + MAPS_AT + MEMBERS_AT > bytes.length) return "unknown";
    const volume = VOLUME.read(bytes, at);
    const map = MAP.read(bytes, at + MAPS_AT);
    if (map.members === 0 || volume.sizeLow + volume.sizeHigh === 0) return "unknown";
    volumes.push({
      name: volume.name.trim(),
      level: levelOf(map),
      members: map.members,
      start: (map.startLow + map.startHigh * 2 ** 32) * SECTOR,
      sizeBytes: (volume.sizeLow + volume.sizeHigh * 2 ** 32) * SECTOR,
      isWhole: map.state === NORMAL && volume.migrating === 0,
    });
    const mapBytes = MEMBERS_AT + 4 * map.members;
    at += MAPS_AT + mapBytes;
    if (volume.migrating !== 0) {
      if (at + MAP.sizeBytes > bytes.length) return "unknown";
      at += MEMBERS_AT + 4 * MAP.read(bytes, at).members;
    }
  }
  return volumes;
}

/** Older firmware calls a RAID 10 a mirror of four disks. */
function levelOf({ level, members }: { readonly level: number; readonly members: number }): string {
  if (level === 1) return members === 2 ? "RAID 1" : "RAID 10";
  return `RAID ${level}`;
}
