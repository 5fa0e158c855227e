// SPDX-License-Identifier: Apache-2.0
// `linden`: a disk of data came first on its controller, so its system's disk was /dev/sdb, and is so in every file.
import { join } from "node:path";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { staticLan, witness } from "../../../../lab/machine/files.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

export const SDB_UUIDS = {
  data: "da7a11de-bbbb-4a53-9a1c-0d6e6f1b2c01",
  root: "400711de-bbbb-4a53-9a1c-0d6e6f1b2c02",
  swap: "5a9b11de-bbbb-4a53-9a1c-0d6e6f1b2c03",
} as const;

const DATA = {
  label: "dos",
  sizeBytes: 130 * MIB,
  parts: [{ holds: "ext4", uuid: SDB_UUIDS.data, at: "/srv" }],
} as const;
const SYSTEM = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [
    { sizeBytes: 1664 * MIB, holds: "ext4", uuid: SDB_UUIDS.root, at: "/" },
    { holds: "swap", uuid: SDB_UUIDS.swap },
  ],
} as const;

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `/dev/sdb1 / ext4 errors=remount-ro 0 1
/dev/sdb2 none swap sw 0 0
/dev/sda1 /srv ext4 defaults 0 2
`,
  "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/sdb2\n",
  ...staticLan("192.0.2.41", "52:54:00:11:de:01"),
  ...witness([
    "findmnt --noheadings --output TARGET,UUID /",
    "findmnt --noheadings --output TARGET,UUID /srv",
    "swapon --noheadings --show=UUID",
  ]),
};

/** Makes `disk-1.img`, which is the data, and `disk-2.img`, which is the system. */
export async function buildWasSdbMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using data = await makeDisk(join(directory, "disk-1.img"), DATA, { signal });
  await using disk = await makeDisk(join(directory, "disk-2.img"), SYSTEM, { signal });
  const mounts = [...disk.mounts, ...data.mounts];
  await using system = await installSystem({ systemTar, mounts, hostname: "linden", files: FILES, signal });
  const { root, kernels, inside } = system;
  await inside(["systemctl", "enable", "witness.service"]);
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  const words = "quiet resume=/dev/sdb2";
  await writeGrubMenu(root, { bootUuid: SDB_UUIDS.root, below: "/boot", root: "/dev/sdb1", kernels, words });
}
