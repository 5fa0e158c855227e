// SPDX-License-Identifier: Apache-2.0
// `dogwood`: an XFS root with /boot in it, an initramfs for this hardware only (MODULES=dep), a resume= that names a swap
// long gone, and two network cards that make a bond with a static address.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { attachLoop, mount, replaceFile, run } from "../../../src/system/index.ts";
import { plant } from "../demo-files.ts";
import { type Call, enter, makeImage, MIB, temporaryDirectory, unpack } from "./build.ts";
import { commonFiles, INITRAMFS_TOOLS_FILES } from "./files.ts";

const SIZE = 3072 * MIB;
const ROOT = { start: MIB, sizeBytes: SIZE - 2 * MIB };

const TABLE = `label: dos
unit: sectors
1 : start=${ROOT.start / 512}, size=${ROOT.sizeBytes / 512}, type=83, bootable
`;

const ROOT_UUID = "3007a5a1-2222-4a53-9a1c-0d6e6f1b2c5f";
const GONE = "dead5a1e-7777-4a53-9a1c-0d6e6f1b2c5f";

const FILES: Readonly<Record<string, string>> = {
  "/etc/fstab": `# <file system> <mount point> <type> <options> <dump> <pass>
/dev/sda1 / xfs defaults 0 0
`,
  "/etc/default/grub": `GRUB_DEFAULT=0
GRUB_TIMEOUT=1
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX="resume=UUID=${GONE}"
GRUB_TERMINAL=console
`,
  "/etc/network/interfaces": `auto lo
iface lo inet loopback

auto bond0
iface bond0 inet static
  address 192.0.2.25/24
  gateway 192.0.2.1
  bond-slaves enp3s0 enp4s0
  bond-mode active-backup
  bond-miimon 100
`,
};

/** After the machine made its initramfs: from now on it asks for what it finds. */
const LATE_FILES: Readonly<Record<string, string>> = {
  "/etc/initramfs-tools/conf.d/driver-policy": "MODULES=dep\n",
  "/etc/initramfs-tools/conf.d/resume": `RESUME=UUID=${GONE}\n`,
};

/** Makes `disk-1.img` in `directory`. */
export async function buildXfsMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await mkdir(directory);
  const image = join(directory, "disk-1.img");
  await makeImage(image, SIZE);
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", image], { input: TABLE, signal });
  await using scope = new AsyncDisposableStack();
  const disk = scope.use(await attachLoop(image, { offset: 0, sizeBytes: SIZE, readOnly: false, signal }));
  await run(["partx", "--add", disk.path]);
  scope.defer(async () => void (await run(["partx", "--delete", disk.path])));
  const device = `${disk.path}p1`;
  await run(["mkfs.xfs", "-q", "-K", "-m", `uuid=${ROOT_UUID}`, device], { signal });
  const temporary = scope.use(await temporaryDirectory());
  const root = join(temporary.path, "root");
  scope.use(await mount(device, root, { type: "xfs", options: [], signal }));
  await unpack(systemTar, root, { signal });
  const initramfs = {
    ...INITRAMFS_TOOLS_FILES,
    "/etc/initramfs-tools/modules": `${INITRAMFS_TOOLS_FILES["/etc/initramfs-tools/modules"]}xfs\n`,
  };
  await plant(root, { ...commonFiles("dogwood"), ...initramfs, ...FILES });
  const system = scope.use(await enter(root, { signal }));
  await system.inside(["chpasswd"], "root:p2v\n");
  await system.inside(["update-initramfs", "-u", "-k", "all"]);
  await system.inside(["grub-install", "--target=i386-pc", disk.path]);
  await system.inside(["grub-mkconfig", "-o", "/boot/grub/grub.cfg"]);
  const menu = join(root, "boot/grub/grub.cfg");
  const text = (await readFile(menu, "utf8")).replaceAll(device, "/dev/sda1");
  await replaceFile(menu, text, { mode: 0o444 });
  await plant(root, LATE_FILES);
}
