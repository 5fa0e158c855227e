// SPDX-License-Identifier: Apache-2.0
// `birch`: LVM over two SATA disks; its root lies in two pieces, one on each disk; /var and swap are volumes too. Its
// initramfs is initramfs-tools', or dracut's for this host only, with a drop-in that names its disk's controller.
import { join } from "node:path";
import { openSourceDisk, readDiskGraph } from "../../../../src/inspect/index.ts";
import { attachVolumes } from "../../../../src/overlay/index.ts";
import { attachLoop } from "../../../../src/system/index.ts";
import { LVCREATE, lvm } from "../../disks/lvm.ts";
import { type Call, makeImage, MIB } from "../../../../lab/machine/build.ts";
import { format, makeDisk } from "../../../../lab/machine/disk.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

/** Disk 1: /boot, then a physical volume. Disk 2 is a physical volume as a whole, without a table. */
const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [
    { sizeBytes: 256 * MIB, holds: "ext4", uuid: "b0075a1e-1111-4a53-9a1c-0d6e6f1b2c3d", at: "/boot" },
    { holds: "lvm" },
  ],
} as const;
const SECOND_BYTES = 1024 * MIB;

const LVM_UUIDS = {
  boot: LAYOUT.parts[0].uuid,
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

/** As an administrator made it small: only what this machine has, found by looking at it. */
const DRACUT_FILES: Readonly<Record<string, string>> = {
  "/etc/dracut.conf.d/10-birch.conf": `hostonly="yes"
hostonly_cmdline="yes"
add_drivers+=" ahci sd_mod "
omit_drivers+=" virtio_scsi "
`,
};

/** Makes `disk-1.img` and `disk-2.img` in `directory`. */
export async function buildLvmMachine(
  directory: string,
  { systemTar, signal, dracut = false }: Call & { systemTar: string; dracut?: boolean },
): Promise<void> {
  const [first, second] = [join(directory, "disk-1.img"), join(directory, "disk-2.img")];
  await using disk = await makeDisk(first, LAYOUT, { signal });
  await makeImage(second, SECOND_BYTES);
  await makeGroup(disk.parts[1]?.device ?? "", second, signal);

  const disks = await Promise.all([first, second].map((path, index) => openSourceDisk(path, index + 1)));
  const { graph } = await readDiskGraph(disks, { signal });
  const views = disks.map((source) => ({ disk: source, path: source.path }));
  await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
  const device = async (name: string): Promise<string> => {
    const found = await volumes.device(`lv:vg0/${name}`);
    if ("unavailable" in found) throw new Error(found.unavailable);
    return found.path;
  };
  const [root, logs] = [await device("root"), await device("var")];
  await format(root, { type: "ext4", uuid: LVM_UUIDS.root, signal });
  await format(logs, { type: "ext4", uuid: LVM_UUIDS.var, signal });
  await format(await device("swap"), { type: "swap", uuid: LVM_UUIDS.swap, signal });

  const mounts = [
    { device: root, at: "/", type: "ext4" },
    { device: logs, at: "/var", type: "ext4" },
    ...disk.mounts,
  ];
  const files = { "/etc/fstab": FSTAB, ...(dracut ? DRACUT_FILES : {}) };
  await using system = await installSystem({ systemTar, mounts, hostname: "birch", files, signal });
  for (const kernel of dracut ? system.kernels : [])
    await system.inside(["dracut", "--force", `/boot/initrd.img-${kernel}`, kernel]);
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  const menu = { bootUuid: LVM_UUIDS.boot, root: "/dev/mapper/vg0-root", kernels: system.kernels };
  await writeGrubMenu(system.root, menu);
}

async function makeGroup(first: string, second: string, signal: AbortSignal): Promise<void> {
  const whole = { offset: 0, sizeBytes: SECOND_BYTES, readOnly: false, signal };
  await using loop = await attachLoop(second, whole);
  const pvs = [first, loop.path];
  await lvm(pvs, ["pvcreate", "-y", ...pvs]);
  await lvm(pvs, ["vgcreate", "vg0", ...pvs]);
  await lvm(pvs, [...LVCREATE, "-n", "root", "-L", "900M", "vg0", first]);
  await lvm(pvs, [...LVCREATE, "-n", "swap", "-L", "128M", "vg0", first]);
  await lvm(pvs, [...LVCREATE, "-n", "var", "-L", "400M", "vg0", loop.path]);
  await lvm(pvs, ["lvextend", "-L", "+400M", "vg0/root", loop.path]);
}
