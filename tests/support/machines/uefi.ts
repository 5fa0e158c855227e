// SPDX-License-Identifier: Apache-2.0
// `elm`: GPT and UEFI on an NVMe drive, whose names stand everywhere; /boot of its own; started by its NVRAM entry only, so
// that EFI/BOOT is not there. shim and GRUB are the distribution's signed ones.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { plant } from "../demo-files.ts";
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
import { writeEsp } from "./esp.ts";
import { commonFiles, INITRAMFS_TOOLS_FILES } from "./files.ts";

const SIZE = 3072 * MIB;
const ESP = { start: MIB, sizeBytes: 64 * MIB, id: "E1A2B3C4" };
const BOOT = { start: 65 * MIB, sizeBytes: 256 * MIB };
const SWAP = { start: 321 * MIB, sizeBytes: 64 * MIB };
const ROOT = { start: 385 * MIB, sizeBytes: SIZE - 386 * MIB };
const BOOT_UUID = "b007e1a0-5555-4a53-9a1c-0d6e6f1b2c01";
const SWAP_UUID = "5a9be1a0-5555-4a53-9a1c-0d6e6f1b2c02";
const ROOT_UUID = "4007e1a0-5555-4a53-9a1c-0d6e6f1b2c03";

const TABLE = `label: gpt
unit: sectors
${[ESP, BOOT, SWAP, ROOT]
  .map(({ start, sizeBytes }, index) => `${index + 1} : start=${start / 512}, size=${sizeBytes / 512}`)
  .map((line, index) => `${line}, type=${["U", "L", "S", "L"][index]}`)
  .join("\n")}
`;

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

/** Makes `disk-1.img` in `directory`. */
export async function buildUefiMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await mkdir(directory);
  const image = join(directory, "disk-1.img");
  await makeImage(image, SIZE);
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", image], { input: TABLE, signal });
  await using scope = new AsyncDisposableStack();
  const temporary = scope.use(await temporaryDirectory());
  const part = async ({ start, sizeBytes }: typeof ROOT): Promise<string> =>
    scope.use(await attachLoop(image, { offset: start, sizeBytes, readOnly: false, signal })).path;
  const [rootDevice, bootDevice] = [await part(ROOT), await part(BOOT)];
  await run(["mkswap", "-U", SWAP_UUID, await part(SWAP)], { signal });
  await run(["mkfs.ext4", "-q", "-U", ROOT_UUID, "-E", "nodiscard", rootDevice], { signal });
  await run(["mkfs.ext4", "-q", "-U", BOOT_UUID, "-E", "nodiscard", bootDevice], { signal });
  const root = join(temporary.path, "root");
  scope.use(await mount(rootDevice, root, { type: "ext4", options: [], signal }));
  scope.use(await mount(bootDevice, join(root, "boot"), { type: "ext4", options: [], signal }));
  await unpack(systemTar, root, { signal });
  await plant(root, { ...commonFiles("elm"), ...INITRAMFS_TOOLS_FILES, ...FILES });
  await mkdir(join(root, "boot/efi"), { recursive: true });
  const system = scope.use(await enter(root, { signal }));
  await system.inside(["chpasswd"], "root:p2v\n");
  await system.inside(["update-initramfs", "-u", "-k", "all"]);
  await mkdir(join(root, "boot/grub"), { recursive: true });
  const [kernel = ""] = await kernelsIn(root);
  const menu = grubMenu({ bootUuid: BOOT_UUID, root: "/dev/nvme0n1p4", kernel });
  const resumed = menu.replace(" quiet", " quiet resume=/dev/nvme0n1p3");
  await writeFile(join(root, "boot/grub/grub.cfg"), resumed, { mode: 0o444 });
  const shim = join(root, "usr/lib/shim");
  const grub = join(root, "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed");
  const files = {
    "EFI/debian/shimx64.efi": { from: join(shim, "shimx64.efi.signed") },
    "EFI/debian/grubx64.efi": { from: grub },
    "EFI/debian/mmx64.efi": { from: join(shim, "mmx64.efi.signed") },
    "EFI/debian/fbx64.efi": { from: join(shim, "fbx64.efi.signed") },
    "EFI/debian/BOOTX64.CSV": { from: join(shim, "BOOTX64.CSV") },
    "EFI/debian/grub.cfg": ESP_MENU,
  };
  await writeEsp(image, ESP, { files, scratch: temporary.path, signal });
}
