// SPDX-License-Identifier: Apache-2.0
// Where a file system was mounted last: Linux writes it into the superblock of ext2 to ext4 (s_last_mounted, since 2.6.34).
import { EXT_SUPER, type Holds, parseExtSuperblock } from "../../core/index.ts";
import type { Reader } from "./reader.ts";

type LastMount = Pick<Extract<Holds, { kind: "filesystem" }>, "lastMount">;

/** null: the type keeps no such record, or nothing that can be a mount point. */
export async function readLastMount(type: string, reader: Reader): Promise<LastMount | null> {
  if (!/^ext[234]$/.test(type)) return null;
  const { start, end } = EXT_SUPER;
  const path = parseExtSuperblock(await reader.read(start, end - start))?.lastMounted ?? "";
  // 64 bytes: a longer path is cut there, and says nothing.
  return /^\/[!-~]{0,62}$/.test(path) ? { lastMount: path } : null;
}
