// SPDX-License-Identifier: Apache-2.0
// `cedar`: two mirrored SATA disks as installers leave them: /boot on an array with its superblock at the end (GRUB reads
// it as a plain partition), the root on another one; each disk has a swap of its own. The kernel that boots the VM judges the superblocks.
import { open } from "node:fs/promises";
import { join } from "node:path";
import { attachLoop, run } from "../../../../../src/system/index.ts";
import { type MdSuperblock, mdSuperblock } from "../../../disks/md.ts";
import { type Call, MIB } from "../../../../../lab/machine/build.ts";
import { format, makeDisk, placeParts } from "../../../../../lab/machine/disk.ts";
import { writeGrubMenu } from "../../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../../lab/machine/install.ts";

const LAYOUT = {
  label: "dos",
  sizeBytes: 2048 * MIB,
  parts: [
    { sizeBytes: 256 * MIB, holds: "raid" },
    { sizeBytes: 1664 * MIB, holds: "raid" },
    { holds: "swap" },
  ],
} as const;

const ARRAYS = [
  { version: "1.0", name: "cedar:0", id: "b0" },
  { version: "1.2", name: "cedar:1", id: "70" },
] as const;
/** The members on each disk. */
export const MD_PARTS = placeParts(LAYOUT).flatMap((part, index) => {
  const array = ARRAYS[index];
  return array === undefined ? [] : [{ ...part, ...array }];
});

type PartOfArray = (typeof MD_PARTS)[number];

const MD_UUIDS = {
  boot: "b0075a1e-1111-4a53-9a1c-0d6e6f1b2c4e",
  root: "3007a5a1-2222-4a53-9a1c-0d6e6f1b2c4e",
  swaps: ["5a5a5a5a-3333-4a53-9a1c-0d6e6f1b2c4e", "5a5a5a5a-4444-4a53-9a1c-0d6e6f1b2c4e"],
} as const;

const superblock = ({ sizeBytes, version, name, id }: PartOfArray, role: number): MdSuperblock =>
  mdSuperblock({ version, sizeBytes, role, events: 20, members: 2, level: 1, name, id });

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `# <file system> <mount point> <type> <options> <dump> <pass>
UUID=${MD_UUIDS.root} /     ext4 errors=remount-ro 0 1
/dev/md0 /boot ext4 defaults 0 2
UUID=${MD_UUIDS.swaps[0]} none swap sw 0 0
UUID=${MD_UUIDS.swaps[1]} none swap sw 0 0
`,
  "/etc/mdadm/mdadm.conf": `HOMEHOST <system>
MAILADDR root
${MD_PARTS.map((part) => `ARRAY /dev/md/${part.name.slice(6)}  metadata=${part.version} UUID=${superblock(part, 0).uuid} name=${part.name}`).join("\n")}
`,
};

/** Makes `disk-1.img` and `disk-2.img` in `directory`. */
export async function buildMdMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  const [first, second] = [join(directory, "disk-1.img"), join(directory, "disk-2.img")];
  await fill(first, systemTar, signal);
  await run(["cp", "--sparse=always", "--", first, second], { timeoutMs: 300_000 });
  for (const [role, image] of [first, second].entries()) {
    for (const part of MD_PARTS) {
      const { bytes, at } = superblock(part, role);
      await using file = await open(image, "r+");
      await file.write(bytes, 0, bytes.length, part.start + at);
    }
    for (const { start, sizeBytes, holds } of placeParts(LAYOUT)) {
      if (holds !== "swap") continue;
      await using loop = await attachLoop(image, { offset: start, sizeBytes, readOnly: false });
      await format(loop.path, { type: "swap", uuid: MD_UUIDS.swaps[role], signal });
    }
  }
}

/** Through the first member's data: /boot begins where its partition does, the root has a loop device of its own. */
async function fill(image: string, systemTar: string, signal: AbortSignal): Promise<void> {
  await using disk = await makeDisk(image, LAYOUT, { signal });
  const [bootPart, rootPart] = MD_PARTS;
  if (bootPart === undefined || rootPart === undefined) throw new Error("Two arrays are wanted");
  const { data } = superblock(rootPart, 0);
  const area = { offset: rootPart.start + data.start, sizeBytes: data.sizeBytes, readOnly: false, signal };
  await using rootLoop = await attachLoop(image, area);
  const boot = disk.parts[0]?.device ?? "";
  const boundTo = superblock(bootPart, 0).data.sizeBytes; // the superblock is behind it
  await format(boot, { type: "ext4", uuid: MD_UUIDS.boot, sizeBytes: boundTo, signal });
  await format(rootLoop.path, { type: "ext4", uuid: MD_UUIDS.root, signal });
  const mounts = [
    { device: rootLoop.path, at: "/", type: "ext4" },
    { device: boot, at: "/boot", type: "ext4" },
  ];
  await using system = await installSystem({ systemTar, mounts, hostname: "cedar", files: FILES, signal });
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  const { root, kernels } = system;
  await writeGrubMenu(root, { bootUuid: MD_UUIDS.boot, root: `UUID=${MD_UUIDS.root}`, kernels });
}
