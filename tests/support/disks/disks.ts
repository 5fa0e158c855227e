// SPDX-License-Identifier: Apache-2.0
// Small disks for tests: a partition table and file systems in a raw image. No root, no loop device, a second.
import { mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/system/index.ts";
import { type FilesystemSpec, makeFilesystem } from "./filesystems.ts";

const MIB = 2 ** 20;

export type PartitionSpec = FilesystemSpec & {
  /** In MiB. mkfs's least: ext 1, xfs 16 (below 300 without its guarantees), btrfs 128, vfat 1. */
  readonly sizeMb: number;
  /** As sfdisk takes it: `83`, `ef`, `U`, `lvm`, a GUID. Default by file system. */
  readonly type?: string;
  readonly bootable?: boolean;
  /** MBR only: lies in an extended partition behind the primary ones; numbers begin at 5. */
  readonly logical?: boolean;
};

export type DiskSpec = {
  /** `none`: the only partition of the list is the whole disk. */
  readonly table: "mbr" | "gpt" | "none";
  readonly partitions: readonly PartitionSpec[];
  /** Default: as large as the partitions need, and 1 MiB behind them. */
  readonly sizeMb?: number;
  readonly diskId?: string;
  /** What a BIOS finds in the first sector. Default: with a table, what grub-install leaves there. */
  readonly boot?: "grub2" | "none";
  /** File name in the temporary directory. Default `disk.img`. */
  readonly name?: string;
};

export type TestPartition = {
  /** As the kernel counts; 0 for a disk without a table. */
  readonly number: number;
  readonly fs: PartitionSpec["fs"];
  /** Bytes on the disk, half-open. */
  readonly start: number;
  readonly end: number;
};

export interface TestDisk extends AsyncDisposable {
  readonly path: string;
  /** The temporary directory that holds the image; removed with everything in it. */
  readonly directory: string;
  readonly sizeBytes: number;
  readonly partitions: readonly TestPartition[];
}

/** Makes a raw image. `await using disk = await makeDisk({ table: "mbr", partitions: [{ sizeMb: 8, fs: "ext4" }] })` */
export async function makeDisk(spec: DiskSpec): Promise<TestDisk> {
  const layout = layOut(spec);
  const directory = await mkdtemp(join(tmpdir(), "p2v-disk-"));
  const path = join(directory, spec.name ?? "disk.img");
  const dispose = async (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await writeFile(path, "");
    await truncate(path, layout.sizeBytes);
    if (spec.table !== "none")
      await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", path], { input: layout.script });
    for (const [index, partition] of layout.partitions.entries()) {
      const wanted = spec.partitions[index];
      if (wanted === undefined) continue;
      const scratch = await mkdtemp(join(directory, "part-"));
      const part = join(scratch, "filesystem");
      await makeFilesystem(part, { sizeBytes: partition.end - partition.start, scratch, spec: wanted });
      await copyInto(part, path, partition.start);
      await rm(scratch, { recursive: true });
    }
    if (spec.table !== "none" && spec.boot !== "none")
      await writeBootCode(path, spec.table === "gpt" ? 34 : 1);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    path,
    directory,
    sizeBytes: layout.sizeBytes,
    partitions: layout.partitions,
    [Symbol.asyncDispose]: dispose,
  };
}

/** As far as anybody looks at boot.img of GRUB 2: its jump, its words, and something in the sector that it loads next. */
async function writeBootCode(path: string, core: number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const sector = Buffer.alloc(440);
    sector.set([0xeb, 0x63, 0x90]);
    sector.writeUInt32LE(core, 0x5c);
    sector.write("GRUB \0Geom\0Hard Disk\0Read\0 Error\r\n", 0x180, "latin1");
    await file.write(sector, 0, sector.length, 0);
    await file.write("loading", core * 512);
  } finally {
    await file.close();
  }
}

/** Holes of `from` stay what they are in `to`. */
async function copyInto(from: string, to: string, offset: number): Promise<void> {
  const copy = ["dd", `if=${from}`, `of=${to}`, "bs=1M", "conv=sparse,notrunc", "status=none"];
  await run([...copy, "oflag=seek_bytes", `seek=${offset}`], { timeoutMs: 300_000 });
}

type Layout = { sizeBytes: number; partitions: readonly TestPartition[]; script: string };

/** Places partitions from 1 MiB on; a logical one has its EBR in the MiB before it. */
function layOut(spec: DiskSpec): Layout {
  if (spec.table === "none") {
    const [only, ...others] = spec.partitions;
    if (others.length > 0) throw new TypeError("A disk without a table has at most one file system");
    const sizeBytes = (spec.sizeMb ?? only?.sizeMb ?? 1) * MIB;
    const partitions = only === undefined ? [] : [{ number: 0, fs: only.fs, start: 0, end: sizeBytes }];
    return { sizeBytes, partitions, script: "" };
  }
  const partitions: TestPartition[] = [];
  const lines: string[] = [];
  let at = MIB;
  let number = 1;
  let extendedStart: number | null = null;
  for (const part of spec.partitions) {
    if (part.logical === true && extendedStart === null) {
      extendedStart = at;
      number = 5;
    }
    if (part.logical !== true && extendedStart !== null)
      throw new TypeError("Primary partitions come before logical ones");
    const start = part.logical === true ? at + MIB : at;
    const end = start + part.sizeMb * MIB;
    partitions.push({ number, fs: part.fs, start, end });
    lines.push(renderLine(spec.table, part, { number, start, end }));
    number += 1;
    at = end;
  }
  const sizeBytes = Math.max((spec.sizeMb ?? 0) * MIB, at + MIB);
  if (extendedStart !== null) {
    const primaries = spec.partitions.filter((part) => part.logical !== true).length;
    const size = (sizeBytes - extendedStart) / 512;
    lines.splice(primaries, 0, `${primaries + 1} : start=${extendedStart / 512}, size=${size}, type=5`);
  }
  const head = [`label: ${spec.table === "mbr" ? "dos" : "gpt"}`, "unit: sectors"];
  if (spec.diskId !== undefined) head.push(`label-id: ${spec.diskId}`);
  return { sizeBytes, partitions, script: `${[...head, ...lines].join("\n")}\n` };
}

function renderLine(
  table: "mbr" | "gpt",
  part: PartitionSpec,
  { number, start, end }: { number: number; start: number; end: number },
): string {
  const fallback = part.fs === "swap" ? "S" : part.fs === "vfat" ? (table === "gpt" ? "U" : "c") : "L";
  const flags = part.bootable === true ? ", bootable" : "";
  return `${number} : start=${start / 512}, size=${(end - start) / 512}, type=${part.type ?? fallback}${flags}`;
}
