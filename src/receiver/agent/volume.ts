// SPDX-License-Identifier: Apache-2.0
// A block device of the host as the place of a disk: opened only when nobody else uses it.
import { hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { deviceNumber, isErrno, readBounded } from "../../system/index.ts";
import {
  cellCount,
  cellRange,
  entriesBytes,
  entryAt,
  type Grid,
  isDurable,
  MAX_ENTRIES,
  zeroHash,
} from "../../wire/index.ts";
import { readFully } from "./io.ts";
import { ReceiverProblem } from "../problem.ts";

/**
 * ReceiverProblem where it is not a block device, too small, mounted, or part of something. `exclusive`: asks the kernel for
 * the device (O_EXCL without O_CREAT, open(2)); a further lane of the same job cannot ask again.
 */
export async function openBlockDevice(
  path: string,
  { sizeBytes, exclusive }: { sizeBytes: number; exclusive: boolean },
): Promise<FileHandle> {
  let device: FileHandle;
  try {
    device = await open(path, constants.O_RDWR | (exclusive ? constants.O_EXCL : 0));
  } catch (error) {
    if (isErrno(error, "EBUSY"))
      throw new ReceiverProblem(
        "destination-in-use",
        `${path} is in use there: mounted, or part of something`,
        {
          advice: "Free it (umount, swapoff, stop the VM that has it), or name another volume",
          cause: error,
        },
      );
    if (isErrno(error, "ENOENT", "ENXIO", "ENOTDIR"))
      throw new ReceiverProblem("destination-absent", `There is no ${path}`, {
        advice: "Make the volume, or name one that is there",
        cause: error,
      });
    throw error;
  }
  try {
    const has = await sizeOf(device);
    if (has === null)
      throw new ReceiverProblem("destination-no-device", `${path} is not a block device`, {
        advice: "Name a logical volume, partition or zvol",
      });
    if (has < sizeBytes)
      throw new ReceiverProblem(
        "destination-too-small",
        `${path} has ${has} bytes, the disk needs ${sizeBytes}`,
        {
          advice: "Make the volume larger, or name another",
        },
      );
    return device;
  } catch (error) {
    await device.close();
    throw error;
  }
}

/** Bytes; null where it is not a block device. The kernel tells the size in units of 512 bytes, whatever the sectors. */
async function sizeOf(device: FileHandle): Promise<number | null> {
  const stat = await device.stat();
  if (!stat.isBlockDevice()) return null;
  const text = await readBounded(`/sys/dev/block/${deviceNumber(stat.rdev)}/size`, { maxBytes: 64 });
  const sectors = /^(\d{1,15})\n?$/.exec(text?.toString("latin1") ?? "")?.[1];
  return sectors === undefined ? null : Number(sectors) * 512;
}

/** So many cells tell whether a device is the one that was written: 256 MiB to read at most. */
const SAMPLES = 64;

/**
 * Are the bytes there that the hashes promise? A device may have got another's name by a restart, or was written to
 * since; a file's hashes lie beside it, a device's do not. Cells with data are looked at where the list has some.
 */
export async function holdsStill(device: FileHandle, hashes: FileHandle, grid: Grid): Promise<boolean> {
  const cells = cellCount(grid);
  const buffer = Buffer.allocUnsafeSlow(grid.segmentBytes);
  const step = Math.ceil(cells / SAMPLES);
  for (let first = 0; first < cells; first += step) {
    const page = Buffer.alloc(entriesBytes(Math.min(step, MAX_ENTRIES, cells - first)));
    await readFully(hashes, page, entriesBytes(first));
    const sample = sampleOf(page, zeroHash(grid.segmentBytes));
    if (sample === -1) continue;
    const index = first + sample;
    const { start, end } = cellRange(grid, index);
    const content = buffer.subarray(0, end - start);
    await readFully(device, content, start);
    if (!hash("sha256", content, "buffer").equals(entryAt(page, sample))) return false;
  }
  return true;
}

/** Of a page's durable entries the first with data, else the first of zeros; -1: none. */
function sampleOf(page: Buffer, zeros: Buffer): number {
  let first = -1;
  for (let index = 0; entriesBytes(index) < page.length; index += 1) {
    const entry = entryAt(page, index);
    if (!isDurable(entry)) continue;
    if (!entry.equals(zeros)) return index;
    if (first === -1) first = index;
  }
  return first;
}
