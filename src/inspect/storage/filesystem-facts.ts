// SPDX-License-Identifier: Apache-2.0
// What a file system's superblock says beside its UUID: where it was mounted last, and what of it lies on other volumes.
import {
  EXT_COMPAT,
  EXT_SUPER,
  type Holds,
  le,
  parseExtSuperblock,
  struct,
  XFS_MAGIC,
  XFS_SUPERBLOCK,
} from "../../core/index.ts";
import { type Reader, readExactly } from "./reader.ts";

type FileSystem = Extract<Holds, { kind: "filesystem" }>;
export type FilesystemFacts = Pick<FileSystem, "lastMount" | "externalLog" | "realtime" | "devices">;

/** Empty: nothing of interest, or a superblock that is not understood. */
export async function readFilesystemFacts(type: string, reader: Reader): Promise<FilesystemFacts> {
  if (/^ext[234]$/.test(type)) return await readExt(reader);
  if (type === "xfs") return await readXfs(reader);
  return type === "btrfs" ? await readBtrfs(reader) : {};
}

async function readExt(reader: Reader): Promise<FilesystemFacts> {
  const { start, end } = EXT_SUPER;
  const found = parseExtSuperblock(await reader.read(start, end - start));
  if (found === null) return {};
  // Linux writes it since 2.6.34. 64 bytes: a longer path is cut there, and says nothing.
  const isPath = /^\/[!-~]{0,62}$/.test(found.lastMounted);
  const hasJournal = (found.compat & EXT_COMPAT.hasJournal) !== 0;
  const isElsewhere = hasJournal && found.journalInode === 0 && found.journalUuid.some((byte) => byte !== 0);
  return {
    ...(isPath ? { lastMount: found.lastMounted } : {}),
    ...(isElsewhere ? { externalLog: renderUuid(found.journalUuid) } : {}),
  };
}

async function readXfs(reader: Reader): Promise<FilesystemFacts> {
  const bytes = await readExactly(reader, 0, XFS_SUPERBLOCK.sizeBytes);
  const found = bytes === null ? null : XFS_SUPERBLOCK.read(bytes);
  if (found?.magic !== XFS_MAGIC) return {};
  return {
    ...(found.logStart === 0 ? { externalLog: renderUuid(found.uuid) } : {}),
    ...(found.realtimeBlocks > 0n ? { realtime: true } : {}),
  };
}

const BTRFS_SUPER_AT = 65_536;
/** btrfs_super_block (Linux, include/uapi/linux/btrfs_tree.h); `own` is the first field of its own btrfs_dev_item. */
const BTRFS_SUPER = struct({
  magic: le.text(64, 8),
  generation: le.count64(72),
  count: le.count64(136),
  own: le.count64(201),
});

async function readBtrfs(reader: Reader): Promise<FilesystemFacts> {
  const bytes = await readExactly(reader, BTRFS_SUPER_AT, BTRFS_SUPER.sizeBytes);
  const found = bytes === null ? null : BTRFS_SUPER.read(bytes);
  if (found?.magic !== "_BHRfS_M" || !(found.count > 1) || !(found.own > 0)) return {};
  const { count, own, generation } = found;
  return { devices: { count, own, generation } };
}

/** In the order of its bytes, as file systems write it. */
function renderUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
