// SPDX-License-Identifier: Apache-2.0
// The little this room asks sysfs: names of a disk, and who uses it. Everything else is found by content.
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { deviceNumber, isErrno, readBounded } from "../../system/index.ts";

/** Model and serial as the kernel tells them; a disk may have neither. */
export async function readDiskNames(path: string): Promise<{ model: string; serial: string | null }> {
  const directory = join("/sys/dev/block", deviceNumber((await stat(path)).rdev));
  const read = async (name: string): Promise<string> =>
    (await readBounded(join(directory, name), { maxBytes: 4096 }))?.toString("latin1").trim() ?? "";
  const serial = (await read("device/serial")) || (await read("serial"));
  return { model: (await read("device/model")) || basename(path), serial: serial === "" ? null : serial };
}

/** Names in a directory of sysfs; none where there is no such directory. */
export async function listSysfs(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR", "EACCES")) return [];
    throw error;
  }
}
