// SPDX-License-Identifier: Apache-2.0
// `pine`: bullseye on XFS. systemd-networkd finds its cards by the address that they were made with, whatever they are called;
// a volume of NTFS is there for colleagues, and may be missing.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../../src/system/index.ts";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { witness } from "../../../../lab/machine/files.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const ROOT_UUID = "400719ee-ffff-4a53-9a1c-0d6e6f1b2c01";
const SWAP_UUID = "5a9b19ee-ffff-4a53-9a1c-0d6e6f1b2c02";

const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [
    { sizeBytes: 1536 * MIB, holds: "xfs", uuid: ROOT_UUID, at: "/" },
    { sizeBytes: 96 * MIB, holds: "swap", uuid: SWAP_UUID },
    { holds: "other" },
  ],
} as const;

const card = (mac: string, network: string): string =>
  `[Match]\nPermanentMACAddress=${mac}\n\n[Network]\n${network}`;

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `/dev/sda1 / xfs defaults 0 0
/dev/sda2 none swap sw 0 0
/dev/sda3 /srv/share ntfs-3g nofail,umask=0022 0 0
`,
  "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/sda2\n",
  "/etc/network/interfaces": "auto lo\niface lo inet loopback\n",
  "/etc/systemd/network/10-lan.network": card(
    "52:54:00:09:ee:01",
    "Address=192.0.2.47/24\nGateway=192.0.2.1\n",
  ),
  "/etc/systemd/network/20-backup.network": card("52:54:00:09:ee:02", "Address=198.51.100.47/24\n"),
  ...witness([
    "findmnt --noheadings --output TARGET,UUID /",
    "cat /srv/share/prices.txt",
    "swapon --noheadings --show=UUID",
  ]),
};

/** Makes `disk-1.img` in `directory`. */
export async function buildPermanentMacMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const { mounts, parts } = disk;
  const own = { hostname: "pine", files: FILES, drivers: ["xfs"] };
  await using system = await installSystem({ systemTar, mounts, ...own, signal });
  const { root, kernels, inside, scratch } = system;
  await inside(["systemctl", "enable", "systemd-networkd", "witness.service"]);
  await inside(["mkdir", "-p", "/srv/share"]);
  const share = parts[2]?.device ?? "";
  await run(["mkfs.ntfs", "--fast", "--quiet", "--label", "share", share], { signal });
  await writeFile(join(scratch, "prices.txt"), "apples 3\n");
  await run(["ntfscp", "--quiet", share, join(scratch, "prices.txt"), "prices.txt"], { signal });
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  await writeGrubMenu(root, { bootUuid: ROOT_UUID, below: "/boot", root: "/dev/sda1", kernels });
}
