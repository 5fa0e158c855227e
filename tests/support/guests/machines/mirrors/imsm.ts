// SPDX-License-Identifier: Apache-2.0
// `alder`: two disks that Intel's firmware mirrors, installed onto the volume by mdadm: its names are in fstab, root= and the
// initramfs. The volume ends before the disks do; the metadata are behind it.
import { open } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../../../src/system/index.ts";
import { imsmTail } from "../../../disks/firmware-raid.ts";
import { type Call, MIB } from "../../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../../lab/machine/disk.ts";
import { staticLan, witness } from "../../../../../lab/machine/files.ts";
import { writeGrubMenu } from "../../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../../lab/machine/install.ts";

export const IMSM_UUIDS = {
  root: "4007135a-cdcd-4a53-9a1c-0d6e6f1b2c01",
  swap: "5a9b135a-cdcd-4a53-9a1c-0d6e6f1b2c02",
} as const;

const LAYOUT = {
  label: "dos",
  sizeBytes: 1800 * MIB,
  parts: [
    { sizeBytes: 1664 * MIB, holds: "ext4", uuid: IMSM_UUIDS.root, at: "/" },
    { sizeBytes: 126 * MIB, holds: "swap", uuid: IMSM_UUIDS.swap },
  ],
} as const;

const VOLUME = { name: "Volume0", level: 1, members: 2, sizeBytes: 1792 * MIB } as const;

const CONTAINER = "c5ab3ab1:2b7f9f0e:3dfb7f6a:5e0c11d2";

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `/dev/md126p1 / ext4 errors=remount-ro 0 1
/dev/md126p2 none swap sw 0 0
`,
  "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/md126p2\n",
  "/etc/mdadm/mdadm.conf": `HOMEHOST <system>
MAILADDR root
ARRAY metadata=imsm UUID=${CONTAINER}
ARRAY /dev/md/${VOLUME.name} container=${CONTAINER} member=0 UUID=7d1f0a63:9b44c2de:60f3a7b8:1c25e94f
`,
  ...staticLan("192.0.2.49", "52:54:00:13:5a:01"),
  ...witness(["findmnt --noheadings --output TARGET,UUID /", "swapon --noheadings --show=UUID"]),
};

/** Makes `disk-1.img` and `disk-2.img` in `directory`. */
export async function buildImsmMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  const [first, second] = [join(directory, "disk-1.img"), join(directory, "disk-2.img")];
  await fill(first, systemTar, signal);
  const tail = imsmTail({ diskBytes: LAYOUT.sizeBytes, volumes: [VOLUME] });
  {
    await using file = await open(first, "r+");
    await file.write(tail, 0, tail.length, LAYOUT.sizeBytes - tail.length);
  }
  await run(["cp", "--sparse=always", "--", first, second], { timeoutMs: 300_000 });
}

async function fill(image: string, systemTar: string, signal: AbortSignal): Promise<void> {
  await using disk = await makeDisk(image, LAYOUT, { signal });
  const { mounts } = disk;
  await using system = await installSystem({ systemTar, mounts, hostname: "alder", files: FILES, signal });
  const { root, kernels, inside } = system;
  await inside(["systemctl", "enable", "witness.service"]);
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  const menu = { bootUuid: IMSM_UUIDS.root, below: "/boot", kernels };
  await writeGrubMenu(root, { ...menu, root: "/dev/md126p1" });
}
