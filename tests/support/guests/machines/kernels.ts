// SPDX-License-Identifier: Apache-2.0
// `hazel`: two kernels side by side, bookworm's own and trixie's, and the older one is what the menu starts.
import { join } from "node:path";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const ROOT_UUID = "4007a5e1-8888-4a53-9a1c-0d6e6f1b2c01";

const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [{ holds: "ext4", uuid: ROOT_UUID, at: "/" }],
} as const;

/** Makes `disk-1.img` in `directory`. */
export async function buildKernelsMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const files = { "/etc/fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\n" };
  await using system = await installSystem({
    systemTar,
    mounts: disk.mounts,
    hostname: "hazel",
    files,
    signal,
  });
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  const kernels = system.kernels.toReversed(); // newest first, as grub-mkconfig sorts them
  const starts = system.kernels[0] ?? "";
  await writeGrubMenu(system.root, {
    bootUuid: ROOT_UUID,
    below: "/boot",
    root: "/dev/sda1",
    kernels,
    starts,
  });
}
