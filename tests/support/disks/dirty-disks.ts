// SPDX-License-Identifier: Apache-2.0
// Disks of machines whose power went away: the journal holds transactions that were never replayed. Needs root.
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { type DiskSpec, type TestDisk, makeDisk } from "./disks.ts";
import type { FilesystemSpec } from "./filesystems.ts";
import { noise } from "../../../lab/noise.ts";

export interface DirtyDisk extends TestDisk {
  /** Files (absolute in the file system) that exist only after the journal was replayed, with their content. */
  readonly afterReplay: Readonly<Record<string, Buffer>>;
}

export type DirtySpec = Pick<FilesystemSpec, "label" | "uuid" | "files" | "stale"> & {
  /** Default 64. */
  readonly sizeMb?: number;
  readonly table?: DiskSpec["table"];
};

/** ext4 on the first partition, with `needs_recovery` and 20 files only the journal knows. */
export function dirtyExt4(spec: DirtySpec = {}): Promise<DirtyDisk> {
  return makeDirty("ext4", spec);
}

/** XFS likewise, with a dirty log. */
export function dirtyXfs(spec: DirtySpec = {}): Promise<DirtyDisk> {
  return makeDirty("xfs", spec);
}

async function makeDirty(
  fs: "ext4" | "xfs",
  { sizeMb = 64, table = "mbr", ...rest }: DirtySpec,
): Promise<DirtyDisk> {
  const disk = await makeDisk({ table, partitions: [{ ...rest, sizeMb, fs }] });
  try {
    return { ...disk, afterReplay: await cutPower(disk, fs) };
  } catch (error) {
    await disk[Symbol.asyncDispose]();
    throw error;
  }
}

/** Writes files, makes sure that the journal (and not more) has them, and stops there as a power cut does. */
async function cutPower(disk: TestDisk, fs: "ext4" | "xfs"): Promise<Record<string, Buffer>> {
  const partition = disk.partitions[0];
  if (partition === undefined) throw new TypeError("A disk without a partition cannot be dirty");
  const asCut = join(disk.directory, "as-cut.img");
  const afterReplay: Record<string, Buffer> = {};
  {
    await using loop = await attachLoop(disk.path, {
      offset: partition.start,
      sizeBytes: partition.end - partition.start,
      readOnly: false,
    });
    await using mounted = await mount(loop.path, join(disk.directory, "p2v-mount"), {
      type: fs,
      options: ["noatime"],
    });
    await mkdir(join(mounted.path, "journal-only"));
    for (let i = 0; i < 20; i += 1) {
      const name = `/journal-only/file-${i}`;
      const content = noise(name, 5000);
      afterReplay[name] = content;
      await writeFlushed(join(mounted.path, name), content);
    }
    if (fs === "xfs") await run(["xfs_io", "-x", "-c", "shutdown -f", mounted.path]);
    // ext4 writes its metadata home on unmount even after that ioctl: the image is taken while it is mounted.
    else await run(["cp", "--sparse=always", "--reflink=auto", disk.path, asCut]);
  }
  if (fs === "ext4") await rename(asCut, disk.path);
  return afterReplay;
}

async function writeFlushed(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
