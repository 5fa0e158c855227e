// SPDX-License-Identifier: Apache-2.0
// `yew`: encrypted as Debian's installer does it, /boot apart and all else in LVM inside one LUKS2 volume; or `onVolume`:
// volumes of LVM, of which the root is a LUKS1 volume and swap has a new random key at each boot.
import { open } from "node:fs/promises";
import { join } from "node:path";
import { rangesOf, type SourceDisk } from "../../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph, readUsedMaps } from "../../../../src/inspect/index.ts";
import { attachVolumes } from "../../../../src/overlay/index.ts";
import { attachLoop, run } from "../../../../src/system/index.ts";
import { encryptVolume } from "../../disks/luks.ts";
import { LVCREATE, lvm } from "../../disks/lvm.ts";
import { type Call, makeImage, MIB, temporaryDirectory } from "../../../../lab/machine/build.ts";
import { type Disk, format, makeDisk } from "../../../../lab/machine/disk.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const LAYOUT = {
  label: "dos",
  sizeBytes: 1792 * MIB,
  parts: [
    { sizeBytes: 256 * MIB, holds: "ext4", uuid: "b0075a1e-1111-4a53-9a1c-0d6e6f1b2c5e", at: "/boot" },
    { holds: "other" },
  ],
} as const;
const ROOT_BYTES = 1216 * MIB;
const SWAP_BYTES = 128 * MIB;
/** Room for the metadata of LVM too. */
const GROUP_BYTES = ROOT_BYTES + SWAP_BYTES + 8 * MIB;

export const LUKS_UUIDS = {
  boot: LAYOUT.parts[0].uuid,
  luks: "10c5a5a1-2222-4a53-9a1c-0d6e6f1b2c5e",
  root: "3007a5a1-3333-4a53-9a1c-0d6e6f1b2c5e",
  swap: "50a95a1e-4444-4a53-9a1c-0d6e6f1b2c5e",
} as const;

type Options = Call & { readonly systemTar: string };

/** Makes `disk-1.img` in `directory`. */
export async function buildLuksMachine(
  directory: string,
  { onVolume = false, ...options }: Options & { onVolume?: boolean },
): Promise<void> {
  await using scratch = await temporaryDirectory();
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, options);
  const place = onVolume ? volumeInLvm : lvmInVolume;
  await place(disk, scratch.path, options);
}

const files = (fstab: readonly string[], crypttab: readonly string[]): Record<string, string> => ({
  "/etc/fstab": [...fstab, "/dev/sda1 /boot ext4 defaults 0 2", ""].join("\n"),
  "/etc/crypttab": [...crypttab, ""].join("\n"),
});

/** LUKS on the partition, LVM in it. */
async function lvmInVolume(disk: Disk, scratch: string, options: Options): Promise<void> {
  const { signal } = options;
  const image = join(scratch, "group");
  await makeImage(image, GROUP_BYTES);
  await makeGroup(image, signal);
  const source = await openSourceDisk(image, 1);
  const { graph } = await readDiskGraph([source], { signal });
  {
    const views = [{ disk: source, path: image }];
    await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
    const device = async (name: string): Promise<string> => {
      const found = await volumes.device(`lv:vg0/${name}`);
      if ("unavailable" in found) throw new Error(found.unavailable);
      return found.path;
    };
    await format(await device("swap"), { type: "swap", uuid: LUKS_UUIDS.swap, signal });
    const fstab = [
      "/dev/mapper/vg0-root / ext4 errors=remount-ro 0 1",
      "/dev/mapper/vg0-swap none swap sw 0 0",
    ];
    const crypttab = [`sda2_crypt UUID=${LUKS_UUIDS.luks} none luks,discard`];
    const root = { device: await device("root"), spec: "/dev/mapper/vg0-root" };
    await install(disk, { root, files: files(fstab, crypttab) }, options);
  }
  await encryptOnto(disk.parts[1]?.device ?? "", { image, scratch, type: "luks2", signal });
}

/** LVM on the partition, LUKS in a volume of it. */
async function volumeInLvm(disk: Disk, scratch: string, options: Options): Promise<void> {
  const { signal } = options;
  const partition = disk.parts[1]?.device ?? "";
  await makeVolumes(partition);
  const image = join(scratch, "root");
  const sizeBytes = ROOT_BYTES - 2 * MIB; // the header of LUKS1
  await makeImage(image, sizeBytes);
  {
    await using loop = await attachLoop(image, { offset: 0, sizeBytes, readOnly: false, signal });
    const fstab = [
      "/dev/mapper/root_crypt / ext4 errors=remount-ro 0 1",
      "/dev/mapper/swap_crypt none swap sw 0 0",
    ];
    const crypttab = [
      "root_crypt /dev/vg0/root none luks",
      "swap_crypt /dev/mapper/vg0-swap /dev/urandom cipher=aes-xts-plain64,size=256,swap",
    ];
    const root = { device: loop.path, spec: "/dev/mapper/root_crypt" };
    await install(disk, { root, files: files(fstab, crypttab) }, options);
  }
  const source = await openSourceDisk(disk.image, 1);
  const { graph } = await readDiskGraph([source], { signal });
  const views = [{ disk: source, path: disk.image }];
  await using volumes = await attachVolumes({ graph, views, readOnly: false, signal });
  const volume = await volumes.device("lv:vg0/root");
  if ("unavailable" in volume) throw new Error(volume.unavailable);
  await encryptOnto(volume.path, { image, scratch, type: "luks1", signal });
}

async function makeGroup(image: string, signal: AbortSignal): Promise<void> {
  const sizeBytes = GROUP_BYTES;
  await using loop = await attachLoop(image, { offset: 0, sizeBytes, readOnly: false, signal });
  await makeVolumes(loop.path);
}

async function makeVolumes(device: string): Promise<void> {
  await lvm([device], ["pvcreate", "-y", device]);
  await lvm([device], ["vgcreate", "vg0", device]);
  await lvm([device], [...LVCREATE, "-n", "root", "-L", `${ROOT_BYTES / MIB}M`, "vg0"]);
  await lvm([device], [...LVCREATE, "-n", "swap", "-L", `${SWAP_BYTES / MIB}M`, "vg0"]);
}

type Root = { readonly device: string; readonly spec: string };

async function install(
  disk: Disk,
  { root, files: own }: { readonly root: Root; readonly files: Record<string, string> },
  { systemTar, signal }: Options,
): Promise<void> {
  await format(root.device, { type: "ext4", uuid: LUKS_UUIDS.root, signal });
  const mounts = [{ device: root.device, at: "/", type: "ext4" }, ...disk.mounts];
  await using system = await installSystem({ systemTar, mounts, hostname: "yew", files: own, signal });
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  const { kernels } = system;
  await writeGrubMenu(system.root, { bootUuid: LUKS_UUIDS.boot, root: root.spec, kernels });
}

type Encrypt = Call & { readonly image: string; readonly scratch: string; readonly type: "luks1" | "luks2" };

/** Only what is in use is encrypted: the rest of such a disk is what was there before. */
async function encryptOnto(device: string, { image, scratch, type, signal }: Encrypt): Promise<void> {
  const source: SourceDisk = await openSourceDisk(image, 1);
  const { graph } = await readDiskGraph([source], { signal });
  const { maps } = await readUsedMaps({ graph, views: new Map([[1, image]]), signal });
  const map = maps.get(1);
  const used = map === undefined ? [] : rangesOf(map, "data");
  const luks = join(scratch, "luks");
  const { sizeBytes } = source;
  await encryptVolume({ path: image, sizeBytes }, luks, { type, used, uuid: LUKS_UUIDS.luks });
  await run(["dd", `if=${luks}`, `of=${device}`, "bs=1M", "conv=sparse,notrunc,fsync", "status=none"], {
    timeoutMs: 300_000,
    signal,
  });
  await using file = await open(device, "r");
  await file.sync();
}
