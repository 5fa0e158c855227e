// SPDX-License-Identifier: Apache-2.0
// Two devices that were given as two disks, and are two paths to one: the VM would have it twice, with everything on it.
import { open, stat } from "node:fs/promises";
import { type SourceDisk, UserError } from "../../../core/index.ts";
import { deviceNumber } from "../../../system/index.ts";
import { readWwid } from "./block-devices.ts";
import { openSysroot } from "../sysroot.ts";

/** The table of partitions, and what starts the machine: the bytes in which disks of one make and size still differ. */
const COMPARED_BYTES = 2 ** 20;

/** UserError `disk-twice`. Devices of one name in the world are one disk where sizes and first bytes are equal, too. */
export async function refuseOnePath(disks: readonly SourceDisk[]): Promise<void> {
  const sysroot = await openSysroot("/");
  const named = new Map<string, SourceDisk[]>();
  for (const disk of disks) {
    if (disk.kind !== "device") continue;
    const devno = deviceNumber((await stat(disk.path)).rdev);
    const wwid = await readWwid(sysroot, `/sys/dev/block/${devno}`);
    if (wwid === null) continue;
    for (const other of named.get(wwid) ?? [])
      if (await areEqual(disk, other)) throw onePath(wwid, [other, disk]);
    named.set(wwid, [...(named.get(wwid) ?? []), disk]);
  }
}

async function areEqual(a: SourceDisk, b: SourceDisk): Promise<boolean> {
  if (a.sizeBytes !== b.sizeBytes || a.sectorBytes !== b.sectorBytes) return false;
  return (await firstBytes(a.path)).equals(await firstBytes(b.path));
}

async function firstBytes(path: string): Promise<Buffer> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(Buffer.alloc(COMPARED_BYTES), 0, COMPARED_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function onePath(wwid: string, [one, other]: readonly [SourceDisk, SourceDisk]): UserError {
  return new UserError("disk-twice", `${one.path} and ${other.path} are two paths to one disk (${wwid})`, {
    advice: `Give one of them; the VM gets one plain disk`,
  });
}
