// SPDX-License-Identifier: Apache-2.0
// The little this room asks sysfs: names of a disk, and who uses it. Everything else is found by content.
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { deviceNumber, readBounded } from "../../system/index.ts";

/** Model and serial as the kernel tells them; a disk may have neither. */
export async function readDiskNames(path: string): Promise<{ model: string; serial: string | null }> {
  const directory = join("/sys/dev/block", deviceNumber((await stat(path)).rdev));
  const read = async (name: string): Promise<string> =>
    (await readBounded(join(directory, name), { maxBytes: 4096 }))?.toString("latin1").trim() ?? "";
  const serial = (await read("device/serial")) || (await read("serial"));
  return { model: (await read("device/model")) || basename(path), serial: serial === "" ? null : serial };
}
