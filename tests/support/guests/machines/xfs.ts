// SPDX-License-Identifier: Apache-2.0
// `dogwood`: an XFS root with /boot in it, an initramfs for this hardware only (MODULES=dep), a resume= that names a swap
// long gone, two network cards that make a bond with a static address, and two more with static addresses of their own.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../../../src/system/index.ts";
import { plant } from "../../../../lab/demo/files.ts";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const ROOT_UUID = "3007a5a1-2222-4a53-9a1c-0d6e6f1b2c5f";
const GONE = "dead5a1e-7777-4a53-9a1c-0d6e6f1b2c5f";

const LAYOUT = {
  label: "dos",
  sizeBytes: 2048 * MIB,
  parts: [{ holds: "xfs", uuid: ROOT_UUID, at: "/" }],
} as const;

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `# <file system> <mount point> <type> <options> <dump> <pass>
/dev/sda1 / xfs defaults 0 0
`,
  "/etc/default/grub": `GRUB_DEFAULT=0
GRUB_TIMEOUT=1
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX="resume=UUID=${GONE}"
GRUB_TERMINAL=console
`,
  "/etc/network/interfaces": `auto lo
iface lo inet loopback

auto bond0
iface bond0 inet static
  address 192.0.2.25/24
  gateway 192.0.2.1
  bond-slaves enp3s0 enp4s0
  bond-mode active-backup
  bond-miimon 100

auto eno1
iface eno1 inet static
  address 198.51.100.25/24

auto eno2
iface eno2 inet static
  address 203.0.113.25/25
`,
};

/** After the machine made its initramfs: from now on it asks for what it finds. */
const LATE_FILES: Readonly<Record<string, string>> = {
  "/etc/initramfs-tools/conf.d/driver-policy": "MODULES=dep\n",
  "/etc/initramfs-tools/conf.d/resume": `RESUME=UUID=${GONE}\n`,
};

/** Makes `disk-1.img` in `directory`. */
export async function buildXfsMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const { mounts } = disk;
  const own = { hostname: "dogwood", files: FILES, drivers: ["xfs"] };
  await using system = await installSystem({ systemTar, mounts, ...own, signal });
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  await system.inside(["grub-mkconfig", "-o", "/boot/grub/grub.cfg"]);
  const menu = join(system.root, "boot/grub/grub.cfg");
  const text = (await readFile(menu, "utf8")).replaceAll(`${disk.path}p1`, "/dev/sda1");
  await replaceFile(menu, text, { mode: 0o444 });
  await plant(system.root, LATE_FILES);
}
