// SPDX-License-Identifier: Apache-2.0
// `elm`: trixie, GPT and UEFI on an NVMe drive, whose names stand everywhere; /boot of its own. shim and GRUB are the
// distribution's signed ones. With or without what the firmware starts where it has no entry (EFI/BOOT).
import { join } from "node:path";
import { type Call, MIB } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { fillEsp } from "../../../../lab/machine/esp.ts";
import { writeGrubMenu } from "../../../../lab/machine/grub.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const BOOT_UUID = "b007e1a0-5555-4a53-9a1c-0d6e6f1b2c01";
const SWAP_UUID = "5a9be1a0-5555-4a53-9a1c-0d6e6f1b2c02";
const ROOT_UUID = "4007e1a0-5555-4a53-9a1c-0d6e6f1b2c03";

const LAYOUT = {
  label: "gpt",
  sizeBytes: 2048 * MIB,
  parts: [
    { sizeBytes: 64 * MIB, holds: "fat", uuid: "E1A2B3C4", at: "/boot/efi" },
    { sizeBytes: 256 * MIB, holds: "ext4", uuid: BOOT_UUID, at: "/boot" },
    { sizeBytes: 64 * MIB, holds: "swap", uuid: SWAP_UUID },
    { holds: "ext4", uuid: ROOT_UUID, at: "/" },
  ],
} as const;

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `# <file system> <mount point> <type> <options> <dump> <pass>
/dev/nvme0n1p4 / ext4 errors=remount-ro 0 1
/dev/nvme0n1p2 /boot ext4 defaults 0 2
/dev/nvme0n1p1 /boot/efi vfat umask=0077 0 1
/dev/nvme0n1p3 none swap sw 0 0
`,
  "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/nvme0n1p3\n",
};

/** Debian's signed GRUB looks for this in EFI/debian, from wherever it was started. */
const ESP_MENU = `search.fs_uuid ${BOOT_UUID} root
set prefix=($root)'/grub'
configfile $prefix/grub.cfg
`;

/** Makes `disk-1.img` in `directory`. Without a fallback loader only an NVRAM entry starts it. */
export async function buildUefiMachine(
  directory: string,
  { systemTar, signal, fallback = false }: Call & { systemTar: string; fallback?: boolean },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const own = { hostname: "elm", files: FILES };
  await using system = await installSystem({ systemTar, mounts: disk.mounts, ...own, signal });
  const { root, kernels, scratch } = system;
  const words = "quiet resume=/dev/nvme0n1p3";
  await writeGrubMenu(root, { bootUuid: BOOT_UUID, root: "/dev/nvme0n1p4", kernels, words });
  await system.inside(["mkdir", "-p", "/boot/efi"]);
  const shim = (name: string) => ({ from: join(root, "usr/lib/shim", name) });
  const grub = { from: join(root, "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed") };
  const files = {
    "EFI/debian/shimx64.efi": shim("shimx64.efi.signed"),
    "EFI/debian/grubx64.efi": grub,
    "EFI/debian/mmx64.efi": shim("mmx64.efi.signed"),
    "EFI/debian/fbx64.efi": shim("fbx64.efi.signed"),
    "EFI/debian/BOOTX64.CSV": shim("BOOTX64.CSV"),
    "EFI/debian/grub.cfg": ESP_MENU,
    // d-i asks for it where the firmware forgets its entries
    ...(fallback ? { "EFI/BOOT/BOOTX64.EFI": shim("shimx64.efi.signed"), "EFI/BOOT/grubx64.efi": grub } : {}),
  };
  await fillEsp(disk.parts[0]?.device ?? "", { files, scratch, signal });
}
