// SPDX-License-Identifier: Apache-2.0
// A disk image with sectors that cannot be read: served as a file by qemu-storage-daemon, whose blkdebug fails them.
import { stat, writeFile } from "node:fs/promises";
import { startDaemon } from "../../../src/system/index.ts";
import { waitFor } from "../../../lab/processes.ts";

export const SECTOR_BYTES = 512;

export interface BadDisk extends AsyncDisposable {
  readonly path: string;
}

/** `sectors`: numbers of sectors of 512 bytes. `path` is made anew. */
export async function serveBadDisk(
  image: string,
  path: string,
  sectors: readonly number[],
): Promise<BadDisk> {
  await writeFile(path, "", { flag: "wx" });
  const fail = sectors.map((sector) => ({ event: "none", iotype: "read", errno: 5, sector, once: false }));
  const nodes = [
    { "node-name": "file", driver: "file", filename: image, "read-only": true },
    { "node-name": "bad", driver: "blkdebug", image: "file", "inject-error": fail, "read-only": true },
    { "node-name": "disk", driver: "raw", file: "bad", "read-only": true },
  ];
  const daemon = await startDaemon([
    "qemu-storage-daemon",
    ...nodes.flatMap((node) => ["--blockdev", JSON.stringify(node)]),
    "--export",
    JSON.stringify({ type: "fuse", id: "bad", "node-name": "disk", mountpoint: path }),
  ]);
  await waitFor("the export", async () => (await stat(path)).size > 0);
  return { path, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}
