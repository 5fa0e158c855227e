// SPDX-License-Identifier: Apache-2.0
// `yew`: LVM over three disks; root and /usr are volumes of their own, /usr in a piece on each disk. Without /usr there is no
// shell and no init, which is systemd or sysvinit. A bond of two cards with a static address, and a VLAN on it.
import { join } from "node:path";
import { openSourceDisk, readDiskGraph } from "../../../../src/inspect/index.ts";
import { attachVolumes } from "../../../../src/overlay/index.ts";
import { attachLoop } from "../../../../src/system/index.ts";
import { LVCREATE, lvm } from "../../disks/lvm.ts";
import { type Call, makeImage, MIB } from "../../../../lab/machine/build.ts";
import { format, makeDisk } from "../../../../lab/machine/disk.ts";
import { witness, witnessAtEnd } from "../../../../lab/machine/files.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const UUIDS = {
  boot: "b0070e3a-dddd-4a53-9a1c-0d6e6f1b2c01",
  root: "40070e3a-dddd-4a53-9a1c-0d6e6f1b2c02",
  usr: "05400e3a-dddd-4a53-9a1c-0d6e6f1b2c03",
  swap: "5a9b0e3a-dddd-4a53-9a1c-0d6e6f1b2c04",
} as const;

/** The first disk has /boot too; the third one is a physical volume as a whole, without a table. */
const FIRST = {
  label: "dos",
  sizeBytes: 768 * MIB,
  parts: [{ sizeBytes: 192 * MIB, holds: "ext4", uuid: UUIDS.boot, at: "/boot" }, { holds: "lvm" }],
} as const;
const SECOND = { label: "gpt", sizeBytes: 640 * MIB, parts: [{ holds: "lvm" }] } as const;
const THIRD_BYTES = 640 * MIB;

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `/dev/mapper/sys-root / ext4 errors=remount-ro 0 1
/dev/mapper/sys-usr /usr ext4 defaults 0 2
/dev/disk/by-id/ata-ST3500418AS_9VM1ABCD-part1 /boot ext4 defaults 0 2
/dev/sys/swap none swap sw 0 0
`,
  "/etc/network/interfaces": `auto lo
iface lo inet loopback

auto bond0
iface bond0 inet static
  address 192.0.2.45/24
  gateway 192.0.2.1
  bond-slaves eno1 eno2
  bond-mode active-backup
  bond-miimon 100

auto bond0.20
iface bond0.20 inet static
  address 198.51.100.45/24
  vlan-raw-device bond0
`,
};

const FINDS = [
  "findmnt --noheadings --output TARGET,UUID /usr",
  "findmnt --noheadings --output TARGET,UUID /boot",
  "swapon --noheadings --show=UUID",
];

/** Makes `disk-1.img` to `disk-3.img` in `directory`. */
export async function buildUsrApartMachine(
  directory: string,
  { systemTar, signal, sysvinit = false }: Call & { systemTar: string; sysvinit?: boolean },
): Promise<void> {
  const images = [1, 2, 3].map((number) => join(directory, `disk-${number}.img`));
  const [first = "", second = "", third = ""] = images;
  await using disk = await makeDisk(first, FIRST, { signal });
  await using other = await makeDisk(second, SECOND, { signal });
  await makeImage(third, THIRD_BYTES);
  await makeGroup([disk.parts[1]?.device ?? "", other.parts[0]?.device ?? ""], third, signal);

  const disks = await Promise.all(images.map((path, index) => openSourceDisk(path, index + 1)));
  const { graph } = await readDiskGraph(disks, { signal });
  const views = disks.map((source) => ({ disk: source, path: source.path }));
  await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
  const make = async (name: "root" | "usr" | "swap"): Promise<string> => {
    const found = await volumes.device(`lv:sys/${name}`);
    if ("unavailable" in found) throw new Error(found.unavailable);
    await format(found.path, { type: name === "swap" ? "swap" : "ext4", uuid: UUIDS[name], signal });
    return found.path;
  };
  const mounts = [
    { device: await make("root"), at: "/", type: "ext4" },
    { device: await make("usr"), at: "/usr", type: "ext4" },
    ...disk.mounts,
  ];
  await make("swap");
  const files = { ...FILES, ...(sysvinit ? witnessAtEnd(FINDS) : witness(FINDS)) };
  await using system = await installSystem({ systemTar, mounts, hostname: "yew", files, signal });
  const { root, kernels, inside } = system;
  await inside(sysvinit ? ["chmod", "0755", "/etc/rc.local"] : ["systemctl", "enable", "witness.service"]);
  await inside(["grub-install", "--target=i386-pc", disk.path]);
  await writeGrubMenu(root, { bootUuid: UUIDS.boot, root: "/dev/mapper/sys-root", kernels });
}

async function makeGroup(parts: readonly string[], third: string, signal: AbortSignal): Promise<void> {
  const whole = { offset: 0, sizeBytes: THIRD_BYTES, readOnly: false, signal };
  await using loop = await attachLoop(third, whole);
  const pvs = [...parts, loop.path];
  const [first = "", second = "", last = ""] = pvs;
  await lvm(pvs, ["pvcreate", "-y", ...pvs]);
  await lvm(pvs, ["vgcreate", "sys", ...pvs]);
  await lvm(pvs, [...LVCREATE, "-n", "usr", "-L", "200M", "sys", first]);
  await lvm(pvs, ["lvextend", "-L", "+360M", "sys/usr", last]);
  await lvm(pvs, ["lvextend", "-L", "+300M", "sys/usr", second]);
  await lvm(pvs, [...LVCREATE, "-n", "root", "-L", "560M", "sys", first, second]);
  await lvm(pvs, [...LVCREATE, "-n", "swap", "-L", "128M", "sys", last]);
}
