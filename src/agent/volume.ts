// SPDX-License-Identifier: Apache-2.0
// A block device of the host as the place of a disk: opened only when nobody else uses it.
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isErrno, readBounded } from "../system/index.ts";
import { AgentProblem } from "./problem.ts";

/**
 * AgentProblem where it is no block device, too small, mounted, or part of something. `exclusive`: asks the kernel for
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
      throw new AgentProblem("destination-in-use", `${path} is in use there: mounted, or part of something`, {
        advice: "Free it (umount, swapoff, stop the VM that has it), or name another volume",
        cause: error,
      });
    if (isErrno(error, "ENOENT", "ENXIO", "ENOTDIR"))
      throw new AgentProblem("destination-absent", `There is no ${path}`, {
        advice: "Make the volume, or name one that is there",
        cause: error,
      });
    throw error;
  }
  try {
    const has = await sizeOf(device);
    if (has === null)
      throw new AgentProblem("destination-no-device", `${path} is no block device`, {
        advice: "Name a logical volume, partition or zvol",
      });
    if (has < sizeBytes)
      throw new AgentProblem("destination-full", `${path} has ${has} bytes, the disk needs ${sizeBytes}`, {
        advice: "Make the volume larger, or name another",
      });
    return device;
  } catch (error) {
    await device.close();
    throw error;
  }
}

/** Bytes; null where it is no block device. The kernel tells the size in units of 512 bytes, whatever the sectors. */
async function sizeOf(device: FileHandle): Promise<number | null> {
  const stat = await device.stat({ bigint: true });
  if (!stat.isBlockDevice()) return null;
  const text = await readBounded(`/sys/dev/block/${deviceNumber(stat.rdev)}/size`, { maxBytes: 64 });
  const sectors = /^(\d{1,15})\n?$/.exec(text?.toString("latin1") ?? "")?.[1];
  return sectors === undefined ? null : Number(sectors) * 512;
}

/** `major:minor` of a dev_t (glibc's gnu_dev_major, gnu_dev_minor). */
export function deviceNumber(rdev: bigint): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}
