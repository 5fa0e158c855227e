// SPDX-License-Identifier: Apache-2.0
// `cedar`: two mirrored SATA disks as installers leave them: /boot on an array with its superblock at the end (GRUB reads
// it as a plain partition), the root on another one. The kernel that boots the VM judges the superblocks.
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { plant } from "../demo-files.ts";
import { type MdSuperblock, mdSuperblock } from "../md.ts";
import {
  type Call,
  enter,
  grubMenu,
  kernelsIn,
  makeImage,
  MIB,
  temporaryDirectory,
  unpack,
} from "./build.ts";
import { commonFiles, INITRAMFS_TOOLS_FILES } from "./files.ts";

const SIZE = 2048 * MIB;
const PARTS = [
  { number: 1, start: MIB, sizeBytes: 256 * MIB, version: "1.0", name: "cedar:0", id: "b0" },
  { number: 2, start: 257 * MIB, sizeBytes: SIZE - 258 * MIB, version: "1.2", name: "cedar:1", id: "70" },
] as const;

type PartOfArray = (typeof PARTS)[number];

const TABLE = `label: dos
unit: sectors
${PARTS.map(({ number, start, sizeBytes }) => `${number} : start=${start / 512}, size=${sizeBytes / 512}, type=fd${number === 1 ? ", bootable" : ""}`).join("\n")}
`;

export const MD_UUIDS = {
  boot: "b0075a1e-1111-4a53-9a1c-0d6e6f1b2c4e",
  root: "3007a5a1-2222-4a53-9a1c-0d6e6f1b2c4e",
} as const;

const superblock = ({ sizeBytes, version, name, id }: PartOfArray, role: number): MdSuperblock =>
  mdSuperblock({ version, sizeBytes, role, events: 20, members: 2, level: 1, name, id });

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `# <file system> <mount point> <type> <options> <dump> <pass>
UUID=${MD_UUIDS.root} /     ext4 errors=remount-ro 0 1
/dev/md0 /boot ext4 defaults 0 2
`,
  "/etc/mdadm/mdadm.conf": `HOMEHOST <system>
MAILADDR root
${PARTS.map((part) => `ARRAY /dev/md/${part.name.slice(6)}  metadata=${part.version} UUID=${superblock(part, 0).uuid} name=${part.name}`).join("\n")}
`,
};

/** Makes `disk-1.img` and `disk-2.img` in `directory`. */
export async function buildMdMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await mkdir(directory);
  const [first, second] = [join(directory, "disk-1.img"), join(directory, "disk-2.img")];
  await makeImage(first, SIZE);
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", first], { input: TABLE, signal });
  await fill(first, systemTar, signal);
  await run(["cp", "--sparse=always", "--", first, second], { timeoutMs: 300_000 });
  for (const [role, image] of [first, second].entries())
    for (const part of PARTS) {
      const { bytes, at } = superblock(part, role);
      await using file = await open(image, "r+");
      await file.write(bytes, 0, bytes.length, part.start + at);
    }
}

async function fill(image: string, systemTar: string, signal: AbortSignal): Promise<void> {
  await using scope = new AsyncDisposableStack();
  const [bootPart, rootPart] = PARTS;
  const { data } = superblock(rootPart, 0);
  const area = { offset: rootPart.start + data.start, sizeBytes: data.sizeBytes, readOnly: false, signal };
  const rootDevice = scope.use(await attachLoop(image, area)).path;
  // Over the whole disk, for GRUB; of it only the first track and /boot are written through this one.
  const disk = scope.use(await attachLoop(image, { offset: 0, sizeBytes: SIZE, readOnly: false, signal }));
  await run(["partx", "--add", "--nr", "1", disk.path]);
  scope.defer(async () => void (await run(["partx", "--delete", disk.path])));
  const boot = `${disk.path}p1`;
  const blocks = `${superblock(bootPart, 0).data.sizeBytes / 1024}k`; // the superblock is behind it
  const extended = "lazy_itable_init=0,nodiscard";
  await run(["mkfs.ext4", "-q", "-U", MD_UUIDS.boot, "-E", extended, boot, blocks], { signal });
  await run(["mkfs.ext4", "-q", "-U", MD_UUIDS.root, "-E", extended, rootDevice], { signal });
  const temporary = scope.use(await temporaryDirectory());
  const root = join(temporary.path, "root");
  const ext4 = { type: "ext4", options: [], signal };
  scope.use(await mount(rootDevice, root, ext4));
  scope.use(await mount(boot, join(root, "boot"), ext4));
  await unpack(systemTar, root, { signal });
  await plant(root, { ...commonFiles("cedar"), ...INITRAMFS_TOOLS_FILES, ...FILES });
  const system = scope.use(await enter(root, { signal }));
  await system.inside(["chpasswd"], "root:p2v\n");
  await system.inside(["update-initramfs", "-u", "-k", "all"]);
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  const [kernel = ""] = await kernelsIn(root);
  const menu = grubMenu({ bootUuid: MD_UUIDS.boot, root: `UUID=${MD_UUIDS.root}`, kernel });
  await writeFile(join(root, "boot/grub/grub.cfg"), menu, { mode: 0o444 });
}
