// SPDX-License-Identifier: Apache-2.0
// The record of a server that this live system has replaced: as it left it in the initramfs, with the kernel's last lines.
import { join } from "node:path";
import type { SourceDisk } from "../../core/index.ts";
import { readBounded } from "../../system/index.ts";
import { judgeArrived, type KnownWrites, MAX_RECORD_BYTES, readIdentity } from "../../writes/index.ts";

const DIRECTORY = "/run/p2v/cutover/writes";

/** null: there is none; words: why it is not trusted. */
export async function readArrived(
  disks: readonly SourceDisk[],
  { directory = DIRECTORY }: { readonly directory?: string } = {},
): Promise<KnownWrites | string | null> {
  const file = async (name: string): Promise<string | null> =>
    (await readBounded(join(directory, name), { maxBytes: MAX_RECORD_BYTES }))?.toString("latin1") ?? null;
  const record = await file("record.json");
  if (record === null) return null;
  const [trace, stats, settings] = await Promise.all([file("trace"), file("stats"), file("settings")]);
  const here = await Promise.all(
    disks.map(async (disk) => ({ ...disk, ...(await readIdentity(disk, null)) })),
  );
  return judgeArrived({ record, trace, stats, settings }, here);
}
