// SPDX-License-Identifier: Apache-2.0
// `sorrel`: two ways led to its disk in the storage array, and multipath's name for it is in fstab, root= and the initramfs.
// Nothing in the VM has two ways.
import { join } from "node:path";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { staticLan, witness } from "../../../../lab/machine/files.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

export const MULTIPATH_UUIDS = {
  root: "4007a97a-abab-4a53-9a1c-0d6e6f1b2c01",
  swap: "5a9ba97a-abab-4a53-9a1c-0d6e6f1b2c02",
} as const;

const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [
    { sizeBytes: 1664 * MIB, holds: "ext4", uuid: MULTIPATH_UUIDS.root, at: "/" },
    { holds: "swap", uuid: MULTIPATH_UUIDS.swap },
  ],
} as const;

const WWID = "3600508b4000c4a37000c400000360000";

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `/dev/mapper/mpatha-part1 / ext4 errors=remount-ro 0 1
/dev/mapper/mpatha-part2 none swap sw 0 0
`,
  "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/mapper/mpatha-part2\n",
  "/etc/multipath.conf": "defaults {\n\tuser_friendly_names yes\n}\n",
  "/etc/multipath/bindings": `# Multipath bindings, Version : 1.0\nmpatha ${WWID}\n`,
  "/etc/multipath/wwids": `# Multipath wwids, Version : 1.0\n# Valid WWIDs:\n/${WWID}/\n`,
  ...staticLan("192.0.2.48", "52:54:00:09:7a:01"),
  ...witness(["findmnt --noheadings --output TARGET,UUID /", "swapon --noheadings --show=UUID"]),
};

/** Makes `disk-1.img` in `directory`. */
export async function buildMultipathMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const { mounts } = disk;
  await using system = await installSystem({ systemTar, mounts, hostname: "sorrel", files: FILES, signal });
  const { root, kernels, inside } = system;
  await inside(["systemctl", "enable", "witness.service"]);
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  const menu = { bootUuid: MULTIPATH_UUIDS.root, below: "/boot", kernels };
  await writeGrubMenu(root, { ...menu, root: "/dev/mapper/mpatha-part1" });
}
