// SPDX-License-Identifier: Apache-2.0
// `oak`: trixie, whose administrator took udev's long names for stable: root by model and serial number, swap by connector, a
// disk of data by WWN. NetworkManager has a bond of two cards, and a VLAN on it.
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { witness } from "../../../../lab/machine/files.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

export const BY_UUIDS = {
  root: "40070a4e-eeee-4a53-9a1c-0d6e6f1b2c01",
  swap: "5a9b0a4e-eeee-4a53-9a1c-0d6e6f1b2c02",
  data: "da7a0a4e-eeee-4a53-9a1c-0d6e6f1b2c03",
} as const;

const SYSTEM = {
  label: "dos",
  sizeBytes: 1920 * MIB,
  parts: [
    { sizeBytes: 1792 * MIB, holds: "ext4", uuid: BY_UUIDS.root, at: "/" },
    { holds: "swap", uuid: BY_UUIDS.swap },
  ],
} as const;
const DATA = {
  label: "gpt",
  sizeBytes: 386 * MIB,
  parts: [{ holds: "xfs", uuid: BY_UUIDS.data, at: "/srv" }],
} as const;

const DISK = "/dev/disk/by-id/ata-Samsung_SSD_870_EVO_500GB_S62ANJ0R123456A";
const CONNECTOR = "/dev/disk/by-path/pci-0000:00:17.0-ata-1";

const CONNECTIONS = "/etc/NetworkManager/system-connections";

const profile = (id: string, number: number, lines: string): string =>
  `[connection]\nid=${id}\nuuid=7c5f0a4e-eeee-4a53-9a1c-0d6e6f1b2d0${number}\n${lines}`;

const port = (name: string, number: number): string =>
  profile(
    `bond0-${name}`,
    number,
    `type=ethernet\ninterface-name=${name}\ncontroller=bond0\nport-type=bond\n\n[ethernet]\nmac-address=52:54:00:0A:4E:0${number}\n`,
  );

const static4 = (address: string): string =>
  `[ipv4]\nmethod=manual\naddress1=${address}\n\n[ipv6]\nmethod=disabled\n`;

/** NetworkManager reads a profile only where nobody else can. */
const PROFILES: Readonly<Record<string, string>> = {
  [`${CONNECTIONS}/bond0.nmconnection`]: profile(
    "bond0",
    3,
    `type=bond\ninterface-name=bond0\n\n[bond]\nmode=active-backup\nmiimon=100\n\n${static4("192.0.2.46/24,192.0.2.1")}`,
  ),
  [`${CONNECTIONS}/bond0-enp3s0.nmconnection`]: port("enp3s0", 1),
  [`${CONNECTIONS}/bond0-enp4s0.nmconnection`]: port("enp4s0", 2),
  [`${CONNECTIONS}/backup.nmconnection`]: profile(
    "backup",
    4,
    `type=vlan\ninterface-name=bond0.30\n\n[vlan]\nid=30\nparent=bond0\nflags=1\n\n${static4("198.51.100.46/24")}`,
  ),
};

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `${DISK}-part1 / ext4 errors=remount-ro 0 1
${CONNECTOR}-part2 none swap sw 0 0
/dev/disk/by-id/wwn-0x5000c500a1b2c3d4-part1 /srv xfs defaults 0 0
`,
  "/etc/initramfs-tools/conf.d/resume": `RESUME=${CONNECTOR}-part2\n`,
  "/etc/network/interfaces": "auto lo\niface lo inet loopback\n",
  "/etc/NetworkManager/conf.d/10-oak.conf": "[main]\nno-auto-default=*\n",
  ...PROFILES,
  ...witness([
    "findmnt --noheadings --output TARGET,UUID /",
    "findmnt --noheadings --output TARGET,UUID /srv",
    "swapon --noheadings --show=UUID",
  ]),
};

/** Makes `disk-1.img` and `disk-2.img` in `directory`. */
export async function buildByNamesMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), SYSTEM, { signal });
  await using data = await makeDisk(join(directory, "disk-2.img"), DATA, { signal });
  const mounts = [...disk.mounts, ...data.mounts];
  await using system = await installSystem({ systemTar, mounts, hostname: "oak", files: FILES, signal });
  const { root, kernels, inside } = system;
  for (const path of Object.keys(PROFILES)) await chmod(join(root, path), 0o600);
  await inside(["systemctl", "enable", "witness.service"]);
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  await writeGrubMenu(root, { bootUuid: BY_UUIDS.root, below: "/boot", root: `${DISK}-part1`, kernels });
}
