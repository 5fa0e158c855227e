// SPDX-License-Identifier: Apache-2.0
// `ginkgo`: extlinux starts it from /boot on a file system of its own, as Debian's installer for small machines leaves it.
import { copyFile, mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { plant } from "../../../../lab/demo/files.ts";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [
    { sizeBytes: 192 * MIB, holds: "ext4", uuid: "b0071a5a-6666-4a53-9a1c-0d6e6f1b2c01", at: "/boot" },
    { sizeBytes: 64 * MIB, holds: "swap", uuid: "5a9b1a5a-6666-4a53-9a1c-0d6e6f1b2c02" },
    { holds: "ext4", uuid: "40071a5a-6666-4a53-9a1c-0d6e6f1b2c03", at: "/" },
  ],
} as const;

const FSTAB = `/dev/sda3 / ext4 errors=remount-ro 0 1
/dev/sda1 /boot ext4 defaults 0 2
/dev/sda2 none swap sw 0 0
`;

const menu = (kernel: string): string => `## /boot/extlinux/extlinux.conf
DEFAULT linux
PROMPT 0
TIMEOUT 10

LABEL linux
\tMENU LABEL Debian GNU/Linux, kernel ${kernel}
\tLINUX ../vmlinuz-${kernel}
\tINITRD ../initrd.img-${kernel}
\tAPPEND root=/dev/sda3 ro quiet
`;

/** Code in front of an MBR's table: it starts the active partition. */
const BOOT_CODE_BYTES = 440;

/** Makes `disk-1.img` in `directory`. */
export async function buildExtlinuxMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const own = { hostname: "ginkgo", files: { "/etc/fstab": FSTAB } };
  await using system = await installSystem({ systemTar, mounts: disk.mounts, ...own, signal });
  const { root, inside } = system;
  await mkdir(join(root, "boot/extlinux"), { recursive: true });
  await inside(["extlinux", "--install", "/boot/extlinux"]);
  const library = join(root, "usr/lib/syslinux");
  for (const name of ["ldlinux.c32", "libutil.c32"])
    await copyFile(join(library, "modules/bios", name), join(root, "boot/extlinux", name));
  await plant(root, { "/boot/extlinux/extlinux.conf": menu(system.kernels[0] ?? "") });
  await using file = await open(disk.path, "r+");
  const code = await readFile(join(library, "mbr/mbr.bin"));
  await file.write(code.subarray(0, BOOT_CODE_BYTES), 0, BOOT_CODE_BYTES, 0);
}
