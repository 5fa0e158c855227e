// SPDX-License-Identifier: Apache-2.0
// `rowan`: its administrator wrote units of systemd instead of lines of fstab. They name a disk by model and serial number, by
// order, and one is mounted by whoever looks into it.
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { staticLan, witness } from "../../../../lab/machine/files.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

export const UNIT_UUIDS = {
  root: "40070a11-cccc-4a53-9a1c-0d6e6f1b2c01",
  swap: "5a9b0a11-cccc-4a53-9a1c-0d6e6f1b2c02",
  data: "da7a0a11-cccc-4a53-9a1c-0d6e6f1b2c03",
  archive: "a4c40a11-cccc-4a53-9a1c-0d6e6f1b2c04",
} as const;

const SYSTEM = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [
    { sizeBytes: 1664 * MIB, holds: "ext4", uuid: UNIT_UUIDS.root, at: "/" },
    { holds: "swap", uuid: UNIT_UUIDS.swap },
  ],
} as const;
const DATA = {
  label: "gpt",
  sizeBytes: 514 * MIB,
  parts: [
    { sizeBytes: 128 * MIB, holds: "ext4", uuid: UNIT_UUIDS.data, at: "/srv" },
    { holds: "xfs", uuid: UNIT_UUIDS.archive, at: "/var/lib/old-archive" },
  ],
} as const;

const UNITS = "/etc/systemd/system";

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": "/dev/sda1 / ext4 errors=remount-ro 0 1\n",
  [`${UNITS}/srv.mount`]: `[Unit]
Description=Data
[Mount]
What=/dev/disk/by-id/ata-WDC_WD10EZEX-00BN5A0_WD-WCC3F1234567-part1
Where=/srv
Type=ext4
[Install]
RequiredBy=local-fs.target
`,
  [`${UNITS}/var-lib-old\\x2darchive.mount`]: `[Mount]
What=/dev/sdb2
Where=/var/lib/old-archive
Type=xfs
Options=ro
`,
  [`${UNITS}/var-lib-old\\x2darchive.automount`]: `[Automount]
Where=/var/lib/old-archive
[Install]
WantedBy=local-fs.target
`,
  [`${UNITS}/dev-sda2.swap`]: `[Swap]
What=/dev/sda2
[Install]
WantedBy=swap.target
`,
  "/var/lib/old-archive/1999": "nothing lost\n",
  ...staticLan("192.0.2.42", "52:54:00:0a:11:01"),
  ...witness([
    "findmnt --noheadings --output TARGET,UUID /srv",
    "cat /var/lib/old-archive/1999",
    "swapon --noheadings --show=UUID",
  ]),
};

const ENABLED = [
  "local-fs.target.requires/srv.mount",
  "local-fs.target.wants/var-lib-old\\x2darchive.automount",
  "swap.target.wants/dev-sda2.swap",
];

/** Makes `disk-1.img` and `disk-2.img` in `directory`. */
export async function buildMountUnitsMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), SYSTEM, { signal });
  await using data = await makeDisk(join(directory, "disk-2.img"), DATA, { signal });
  const mounts = [...disk.mounts, ...data.mounts];
  await using system = await installSystem({ systemTar, mounts, hostname: "rowan", files: FILES, signal });
  const { root, kernels, inside } = system;
  await inside(["systemctl", "enable", "witness.service"]);
  for (const link of ENABLED) {
    const [target = "", unit = ""] = link.split("/");
    await mkdir(join(root, UNITS, target), { recursive: true });
    await symlink(`${UNITS}/${unit}`, join(root, UNITS, link));
  }
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  await writeGrubMenu(root, { bootUuid: UNIT_UUIDS.root, below: "/boot", root: "/dev/sda1", kernels });
}
