// SPDX-License-Identifier: Apache-2.0
// What the administrators of the demo machine `aurora` left on it: configuration that names hardware, old data, odd files.
import { link, mkdir, open, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { noise } from "../noise.ts";

const MIB = 2 ** 20;

/** The disk the machine was installed on, as udev named it. */
export const DEMO_DISK_ID = "ata-MAXTOR_6L006L0_A93EQ5ME";

export const DEMO_UUIDS = {
  root: "5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d",
  swap: "c0d1f2a3-b4c5-4d6e-8f70-8192a3b4c5d6",
} as const;

/** Only what this machine's controller and file system need: it was made when disks were IDE or SATA. */
const INITRAMFS_MODULES = [
  "ahci",
  "ata_piix",
  "ata_generic",
  "sd_mod",
  "ext4",
  "crc32c_generic",
  "crc32c_intel",
];

/** Before any package is configured, so that the initramfs is made once and made like this. */
export const DEMO_INITRAMFS_FILES: Readonly<Record<string, string>> = {
  "/etc/initramfs-tools/conf.d/driver-policy": `# Driver inclusion policy selected during installation
# Note: this setting overrides the value set in the file
# /etc/initramfs-tools/initramfs.conf
# 2017-11-20 ana: only what this box has, see modules. /boot was full again.
MODULES=list
`,
  "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/sda5\n",
};

export const DEMO_FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `# /etc/fstab: static file system information.
#
# <file system> <mount point>   <type>  <options>       <dump>  <pass>
# root disk was swapped 2019-03-02, do NOT touch the order of the lines (ana)
/dev/sda1\t/               ext4    errors=remount-ro,noatime 0       1
# swap was on /dev/sda5 during installation
/dev/sda5       none\t\t   swap    sw              0       0
/dev/sr0        /media/cdrom0   udf,iso9660 user,noauto     0       0
  tmpfs  /var/spool/scratch   tmpfs  size=64m,mode=1777,nosuid,nodev   0 0
#/dev/sdb1      /backup         ext3    defaults        0       2   # backup disk, gone since 2018
`,
  "/etc/initramfs-tools/modules": `# List of modules that you want to include in your initramfs.
# They will be loaded at boot time in the order below.
${INITRAMFS_MODULES.join("\n")}
`,
  "/etc/default/grub": `# If you change this file, run 'update-grub' afterwards to update
# /boot/grub/grub.cfg.
GRUB_DEFAULT=0
GRUB_TIMEOUT=1
GRUB_DISTRIBUTOR=\`lsb_release -i -s 2> /dev/null || echo Debian\`
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX=""
# Uncomment to disable graphical terminal (grub-pc only)
GRUB_TERMINAL=console
# The controller of the old box renumbered UUIDs after a firmware update (?), plain names work
GRUB_DISABLE_LINUX_UUID=true
`,
  "/etc/network/interfaces": `# This file describes the network interfaces available on your system
# and how to activate them. For more information, see interfaces(5).

source /etc/network/interfaces.d/*

# The loopback network interface
auto lo
iface lo inet loopback

# The primary network interface
allow-hotplug enp3s0
iface enp3s0 inet dhcp
`,
  "/var/lib/dhcp/dhclient.enp3s0.leases": `lease {
  interface "enp3s0";
  fixed-address 192.0.2.17;
  option subnet-mask 255.255.255.0;
  option routers 192.0.2.1;
  option domain-name-servers 192.0.2.1;
  renew 3 2025/05/14 04:12:57;
  rebind 3 2025/05/14 12:41:02;
  expire 3 2025/05/14 15:41:02;
}
`,
  "/etc/hostname": "aurora\n",
  "/etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\taurora.example.org\taurora\n",
  "/etc/machine-id": "6f1d2c3b4a5968778695a4b3c2d1e0f1\n",
  "/etc/resolv.conf": "nameserver 192.0.2.1\n",
  "/etc/motd": "aurora: orders and mail. Ask ana before you reboot it.\n",
};

/** Written after grub-install, which would look for the disk. */
export const DEMO_DEVICE_MAP = `(hd0)\t/dev/disk/by-id/${DEMO_DISK_ID}\n`;

/** Writes files with their parents; existing ones are replaced, never through a link. */
export async function plant(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await rm(path, { force: true });
    await writeFile(path, content, { mode: 0o644 });
  }
}

/** Hard links, a sparse file, a name that is not UTF-8, a dangling link, an old time. Attributes come by chroot. */
export async function plantOddFiles(root: string): Promise<void> {
  const home = join(root, "srv/orders");
  await mkdir(join(home, "archive"), { recursive: true });
  await writeFile(join(home, "price list 2014.txt"), noise("prices", 12_345));
  await link(join(home, "price list 2014.txt"), join(home, "archive/prices-current"));
  await link(join(home, "price list 2014.txt"), join(home, "archive/prices-2014"));
  const latin1 = Buffer.concat([Buffer.from(`${home}/`), Buffer.from("caf\u00e9-menu.txt", "latin1")]);
  await writeFile(latin1, "2 croissants\n");
  await symlink("/mnt/nas/orders", join(home, "nas"));
  await writeFile(join(home, "state.tmp"), "locked by 4711\n");
  await utimes(join(home, "state.tmp"), 981_173_106, 981_173_106);
  const sparse = await open(join(home, "queue.db"), "wx", 0o640);
  try {
    await sparse.write(noise("queue head", 8192), 0, 8192, 0);
    await sparse.write(noise("queue tail", 8192), 0, 8192, 64 * MIB);
  } finally {
    await sparse.close();
  }
}

export type AgedFile = { readonly path: string; readonly sizeBytes: number; readonly kept: boolean };

/** 1.5 GiB in files of 4 KiB to 12 MiB; every second one is deleted later. The same on each machine. */
export function agedFiles(totalBytes = 1536 * MIB): readonly AgedFile[] {
  const dice = noise("aged files", 64 * 1024);
  const files: AgedFile[] = [];
  for (let i = 0, sum = 0; sum < totalBytes; i += 1) {
    const size = dice.readUInt16LE((i * 2) % dice.length);
    const sizeBytes = i % 4 === 3 ? 4096 + (size % 61_440) : Math.round((size / 65_535) * 12 * MIB) + 1;
    const folder = `srv/data/${2014 + (i % 11)}/${String(1 + (i % 12)).padStart(2, "0")}`;
    files.push({ path: `${folder}/export-${i}.dat`, sizeBytes, kept: i % 2 === 0 });
    sum += sizeBytes;
  }
  return files;
}

/** About half of each file compresses well, as logs and tables do; the rest does not, as pictures do. */
export async function writeAgedFile(root: string, { path, sizeBytes }: AgedFile): Promise<void> {
  const whole = join(root, path);
  await mkdir(dirname(whole), { recursive: true });
  const file = await open(whole, "wx", 0o644);
  try {
    const random = noise(path, Math.ceil(sizeBytes / 2) + 64 * 1024);
    const line = `${path} 2024-02-29T12:00:00Z order accepted customer=0815 items=3\n`;
    const text = Buffer.alloc(64 * 1024, line);
    for (let at = 0, taken = 0; at < sizeBytes; ) {
      const half = (at / text.length) % 2 === 0 ? text : random.subarray(taken, (taken += text.length));
      const part = half.subarray(0, Math.min(half.length, sizeBytes - at));
      await file.write(part, 0, part.length, at);
      at += part.length;
    }
  } finally {
    await file.close();
  }
}
