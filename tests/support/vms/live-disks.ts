// SPDX-License-Identifier: Apache-2.0
// A disk that would be written by whoever is careless: a dirty journal, swap.
import { open } from "node:fs/promises";
import { dirtyExt4 } from "../disks/dirty-disks.ts";
import { makeDisk, type TestDisk } from "../disks/disks.ts";

/** sda1 dirty ext4, sda2 swap. */
export async function dirtyDisk(): Promise<TestDisk> {
  await using dirty = await dirtyExt4({});
  const [from] = dirty.partitions;
  const disk = await makeDisk({
    table: "mbr",
    partitions: [
      { sizeMb: 64, fs: "none" },
      { sizeMb: 16, fs: "swap" },
    ],
  });
  const [to] = disk.partitions;
  await using source = await open(dirty.path, "r");
  await using target = await open(disk.path, "r+");
  const bytes = Buffer.alloc((from?.end ?? 0) - (from?.start ?? 0));
  await source.read(bytes, 0, bytes.length, from?.start ?? 0);
  await target.write(bytes, 0, bytes.length, to?.start ?? 0);
  return disk;
}
