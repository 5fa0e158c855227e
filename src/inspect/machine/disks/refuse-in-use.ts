// SPDX-License-Identifier: Apache-2.0
// Source disks in use are refused: mounts, swap, md, device-mapper and loop devices write behind our back.
import { stat } from "node:fs/promises";
import { type SourceDisk, UserError } from "../../../core/index.ts";
import { deviceNumber, readLoops } from "../../../system/index.ts";
import { openSysroot, type Sysroot } from "../sysroot.ts";
import { type DeviceUse, findHolder, readUses } from "./in-use.ts";

type Use = {
  readonly kind: DeviceUse["kind"] | "held" | "loop";
  /** The disk itself, or what of it is used. */
  readonly path: string;
  /** Mount point, holder, loop device. */
  readonly where: string;
};

/**
 * UserError `source-in-use` when a disk, a partition of it or a volume on it is mounted, swapped on, part of a running
 * array or volume group, or when an image is attached read-write as a loop device.
 */
export async function refuseInUse(disks: readonly SourceDisk[]): Promise<void> {
  const sysroot = await openSysroot("/");
  // What cannot be read would look like nothing mounted.
  if ((await sysroot.text("/proc/self/mountinfo")) === null)
    throw new Error("/proc/self/mountinfo cannot be read: nobody knows which disks are mounted");
  const uses = await readUses(sysroot);
  for (const disk of disks) {
    const use =
      disk.kind === "device" ? await findDeviceUse(sysroot, disk, uses) : await findLoopUse(disk.path);
    if (use !== null) throw refusal(disk, use);
  }
}

function refusal(disk: SourceDisk, use: Use): UserError {
  const what: Record<Use["kind"], readonly [text: string, advice: string]> = {
    mounted: [`is mounted on ${use.where}`, `Unmount it: umount ${use.where}`],
    swap: ["is used as swap", `Switch it off: swapoff ${use.path}`],
    held: [
      `is part of ${use.where}`,
      `Stop it first: vgchange -an, mdadm --stop or cryptsetup close, as it is used`,
    ],
    loop: [`is attached as ${use.where}, writable`, `Detach it: losetup -d ${use.where}`],
  };
  const [text, advice] = what[use.kind];
  const on = use.path === disk.path ? disk.path : `${disk.path} (${use.path})`;
  return new UserError("source-in-use", `${on} ${text}`, {
    advice: `${advice}; or boot the machine from the virt-p2v CD, where none of its disks is in use`,
  });
}

async function findDeviceUse(
  sysroot: Sysroot,
  { path }: SourceDisk,
  uses: ReadonlyMap<string, DeviceUse>,
): Promise<Use | null> {
  const devno = deviceNumber((await stat(path)).rdev);
  const use = uses.get(devno);
  if (use !== undefined) return { ...use, path: use.device };
  const held = await findHolder(sysroot, devno);
  if (held !== null) return { kind: "held", path: held.part, where: held.holder };
  return await findLoopUse(path);
}

/** A writable loop device above a file or device, found by inode, whatever path it was attached by. */
async function findLoopUse(path: string): Promise<Use | null> {
  const loop = (await readLoops({ above: path })).find(({ readOnly }) => !readOnly);
  return loop === undefined ? null : { kind: "loop", path, where: loop.path };
}
