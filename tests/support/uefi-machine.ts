// SPDX-License-Identifier: Apache-2.0
// The disk of `cypress`, a Debian server with GPT and UEFI, whose boot loader is signed for Secure Boot.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attachLoop, mount, run } from "../../src/system/index.ts";
import { cached } from "./cache.ts";
import { plant } from "./demo-files.ts";
import {
  type Call,
  enter,
  grubMenu,
  kernelsIn,
  makeImage,
  MIB,
  temporaryDirectory,
  unpack,
} from "./machines/build.ts";
import { commonFiles, INITRAMFS_TOOLS_FILES } from "./machines/files.ts";
import { systemTar } from "./machines/system.ts";

const SIZE = 2560 * MIB;
const ESP = { start: MIB, sizeBytes: 64 * MIB };
const ROOT = { start: 65 * MIB, sizeBytes: SIZE - 66 * MIB };
const ROOT_UUID = "c1f2e3d4-4444-4a53-9a1c-0d6e6f1b2c77";
const ESP_ID = "C1F2E3D4";

const TABLE = `label: gpt
unit: sectors
1 : start=${ESP.start / 512}, size=${ESP.sizeBytes / 512}, type=U
2 : start=${ROOT.start / 512}, size=${ROOT.sizeBytes / 512}, type=L
`;

const FSTAB = `UUID=${ROOT_UUID} / ext4 errors=remount-ro 0 1
UUID=${ESP_ID.slice(0, 4)}-${ESP_ID.slice(4)} /boot/efi vfat umask=0077 0 1
`;

/** Debian's signed GRUB looks for this beside itself, and finds the rest by it. */
const ESP_MENU = `search.fs_uuid ${ROOT_UUID} root
set prefix=($root)'/boot/grub'
configfile $prefix/grub.cfg
`;

/** Path of the raw image, only to be read. */
export async function uefiDisk({ signal }: Call): Promise<string> {
  const tar = await systemTar("bookworm", { signal });
  const source = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");
  const recipe = [tar, await source("uefi-machine.ts"), await source("machines/build.ts")];
  return await cached({
    name: "machine-uefi",
    recipe,
    signal,
    build: (path, options) => build(path, { systemTar: tar, ...options }),
  });
}

async function build(image: string, { systemTar: tar, signal }: Call & { systemTar: string }): Promise<void> {
  await makeImage(image, SIZE);
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", image], { input: TABLE, signal });
  await using scope = new AsyncDisposableStack();
  const temporary = scope.use(await temporaryDirectory());
  const part = scope.use(
    await attachLoop(image, { offset: ROOT.start, sizeBytes: ROOT.sizeBytes, readOnly: false, signal }),
  );
  await run(["mkfs.ext4", "-q", "-U", ROOT_UUID, "-E", "nodiscard", part.path], { signal });
  const root = join(temporary.path, "root");
  scope.use(await mount(part.path, root, { type: "ext4", options: [], signal }));
  await unpack(tar, root, { signal });
  await plant(root, { ...commonFiles("cypress"), ...INITRAMFS_TOOLS_FILES, "/etc/fstab": FSTAB });
  await mkdir(join(root, "boot/efi"), { recursive: true });
  const system = scope.use(await enter(root, { signal }));
  await system.inside(["chpasswd"], "root:p2v\n");
  await system.inside(["update-initramfs", "-u", "-k", "all"]);
  await mkdir(join(root, "boot/grub"), { recursive: true });
  // grub-mkconfig would look for the file behind the loop device.
  const [kernel = ""] = await kernelsIn(root);
  const text = grubMenu({ bootUuid: ROOT_UUID, root: `UUID=${ROOT_UUID}`, kernel });
  const menu = text.replaceAll(/\/(vmlinuz|initrd\.img)-/g, "/boot/$1-");
  await writeFile(join(root, "boot/grub/grub.cfg"), menu, { mode: 0o444 });
  await fillEsp(image, { root, scratch: temporary.path, signal });
}

/** Many kernels have no vfat: mtools write it, below the partition table. */
async function fillEsp(
  image: string,
  { root, scratch, signal }: Call & { root: string; scratch: string },
): Promise<void> {
  const esp = join(scratch, "esp.img");
  await makeImage(esp, ESP.sizeBytes);
  await run(["mkfs.vfat", "-F", "32", "-i", ESP_ID, esp], { signal });
  const menu = join(scratch, "grub.cfg");
  await writeFile(menu, ESP_MENU);
  const shim = join(root, "usr/lib/shim/shimx64.efi.signed");
  const grub = join(root, "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed");
  await run(["mmd", "-i", esp, "::/EFI", "::/EFI/debian", "::/EFI/BOOT"], { signal });
  for (const [from, to] of [
    [shim, "debian/shimx64.efi"],
    [grub, "debian/grubx64.efi"],
    [menu, "debian/grub.cfg"],
    [shim, "BOOT/BOOTX64.EFI"], // d-i asks for it where the firmware forgets its entries
    [grub, "BOOT/grubx64.efi"],
  ] as const)
    await run(["mcopy", "-i", esp, from, `::/EFI/${to}`], { signal });
  const at = ["conv=notrunc,sparse", "bs=1M", `seek=${ESP.start / MIB}`];
  await run(["dd", `if=${esp}`, `of=${image}`, ...at, "status=none"], { signal });
}
