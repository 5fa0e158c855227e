// SPDX-License-Identifier: Apache-2.0
// `birch`: LVM over two SATA disks; its root lies in two pieces, one on each disk; /var and swap are volumes too.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/index.ts";
import { attachVolumes } from "../../../src/overlay/index.ts";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { plant } from "../demo-files.ts";
import { LVCREATE, lvm } from "../lvm.ts";
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

const SIZES = [2560 * MIB, 1536 * MIB] as const;
const BOOT = { start: MIB, sizeBytes: 256 * MIB };
const PV = { start: BOOT.start + BOOT.sizeBytes, sizeBytes: SIZES[0] - BOOT.start - BOOT.sizeBytes };

/** Disk 1: /boot, then a physical volume. Disk 2 is a physical volume as a whole, without a table. */
const TABLE = `label: dos
unit: sectors
1 : start=${BOOT.start / 512}, size=${BOOT.sizeBytes / 512}, type=83, bootable
2 : start=${PV.start / 512}, size=${PV.sizeBytes / 512}, type=8e
`;

export const LVM_UUIDS = {
  boot: "b0075a1e-1111-4a53-9a1c-0d6e6f1b2c3d",
  root: "3007a5a1-2222-4a53-9a1c-0d6e6f1b2c3d",
  var: "0a3a5a1e-3333-4a53-9a1c-0d6e6f1b2c3d",
  swap: "50a95a1e-4444-4a53-9a1c-0d6e6f1b2c3d",
} as const;

const FSTAB = `# <file system> <mount point> <type> <options> <dump> <pass>
/dev/mapper/vg0-root /     ext4 errors=remount-ro 0 1
/dev/sda1            /boot ext4 defaults          0 2
/dev/vg0/var         /var  ext4 defaults          0 2
/dev/mapper/vg0-swap none  swap sw                0 0
`;

/** Makes `disk-1.img` and `disk-2.img` in `directory`. */
export async function buildLvmMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await mkdir(directory);
  const images = SIZES.map((_, index) => join(directory, `disk-${index + 1}.img`));
  for (const [index, path] of images.entries()) await makeImage(path, SIZES[index] ?? 0);
  const [first = "", second = ""] = images;
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", first], { input: TABLE, signal });
  await makeGroup(first, second, signal);

  const disks = await Promise.all(images.map((path, index) => openSourceDisk(path, index + 1)));
  const { graph } = await readDiskGraph(disks, { signal });
  const views = disks.map((disk) => ({ disk, path: disk.path }));
  await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
  const device = async (name: string): Promise<string> => {
    const found = await volumes.device(`lv:vg0/${name}`);
    if ("unavailable" in found) throw new Error(found.unavailable);
    return found.path;
  };
  // One loop device over the first disk for GRUB, which wants the whole of it; the volumes' bytes it does not touch.
  await using disk = await attachLoop(first, { offset: 0, sizeBytes: SIZES[0], readOnly: false, signal });
  await run(["partx", "--add", "--nr", "1", disk.path]);
  await using partition = new AsyncDisposableStack();
  partition.defer(async () => void (await run(["partx", "--delete", disk.path])));
  const boot = `${disk.path}p1`;
  const extended = "lazy_itable_init=0,nodiscard";
  for (const [uuid, path] of [
    [LVM_UUIDS.root, await device("root")],
    [LVM_UUIDS.var, await device("var")],
    [LVM_UUIDS.boot, boot],
  ] as const)
    await run(["mkfs.ext4", "-q", "-U", uuid, "-E", extended, path], { signal });
  await run(["mkswap", "-U", LVM_UUIDS.swap, await device("swap")], { signal });

  await using temporary = await temporaryDirectory();
  const root = join(temporary.path, "root");
  const ext4 = { type: "ext4", options: [], signal };
  await using mounts = new AsyncDisposableStack();
  mounts.use(await mount(await device("root"), root, ext4));
  mounts.use(await mount(boot, join(root, "boot"), ext4));
  mounts.use(await mount(await device("var"), join(root, "var"), ext4));
  await unpack(systemTar, root, { signal });
  await plant(root, { ...commonFiles("birch"), ...INITRAMFS_TOOLS_FILES, "/etc/fstab": FSTAB });
  await using system = await enter(root, { signal });
  await system.inside(["chpasswd"], "root:p2v\n");
  await system.inside(["update-initramfs", "-u", "-k", "all"]);
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  const [kernel = ""] = await kernelsIn(root);
  const menu = grubMenu({ bootUuid: LVM_UUIDS.boot, root: "/dev/mapper/vg0-root", kernel });
  await writeFile(join(root, "boot/grub/grub.cfg"), menu, { mode: 0o444 });
}

async function makeGroup(first: string, second: string, signal: AbortSignal): Promise<void> {
  await using a = await attachLoop(first, {
    offset: PV.start,
    sizeBytes: PV.sizeBytes,
    readOnly: false,
    signal,
  });
  await using b = await attachLoop(second, { offset: 0, sizeBytes: SIZES[1], readOnly: false, signal });
  const pvs = [a.path, b.path];
  await lvm(pvs, ["pvcreate", "-y", ...pvs]);
  await lvm(pvs, ["vgcreate", "vg0", ...pvs]);
  await lvm(pvs, [...LVCREATE, "-n", "root", "-L", "900M", "vg0", a.path]);
  await lvm(pvs, [...LVCREATE, "-n", "swap", "-L", "128M", "vg0", a.path]);
  await lvm(pvs, [...LVCREATE, "-n", "var", "-L", "512M", "vg0", b.path]);
  await lvm(pvs, ["lvextend", "-L", "+600M", "vg0/root", b.path]);
}
