// SPDX-License-Identifier: Apache-2.0
// `fir`: btrfs with subvolumes for / and /home, systemd-boot with entries on an EFI system partition that fstab does not
// name, kernels there as kernel-install puts them, started by its NVRAM entry only.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { plant } from "../demo-files.ts";
import { readMirror } from "../demo-system.ts";
import { type Call, enter, kernelsIn, makeImage, MIB, temporaryDirectory, unpack } from "./build.ts";
import { writeEsp } from "./esp.ts";
import { commonFiles, INITRAMFS_TOOLS_FILES } from "./files.ts";

const SIZE = 3072 * MIB;
const ESP = { start: MIB, sizeBytes: 256 * MIB, id: "F1A2B3C4" };
const ROOT = { start: 257 * MIB, sizeBytes: SIZE - 258 * MIB };
const ROOT_UUID = "b7f5f1a0-6666-4a53-9a1c-0d6e6f1b2c04";
const MACHINE_ID = "6f1d2c3b4a5968778695a4b3c2d1e0f2";

const TABLE = `label: gpt
unit: sectors
1 : start=${ESP.start / 512}, size=${ESP.sizeBytes / 512}, type=U
2 : start=${ROOT.start / 512}, size=${ROOT.sizeBytes / 512}, type=L
`;

const FSTAB = `/dev/nvme0n1p2 / btrfs subvol=@ 0 0
/dev/nvme0n1p2 /home btrfs subvol=@home 0 0
`;

const OPTIONS = "root=/dev/nvme0n1p2 rootflags=subvol=@ ro quiet";

/** Makes `disk-1.img` in `directory`. */
export async function buildBtrfsMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await mkdir(directory);
  const image = join(directory, "disk-1.img");
  await makeImage(image, SIZE);
  await run(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", image], { input: TABLE, signal });
  await using scope = new AsyncDisposableStack();
  const temporary = scope.use(await temporaryDirectory());
  const part = scope.use(
    await attachLoop(image, { offset: ROOT.start, sizeBytes: ROOT.sizeBytes, readOnly: false, signal }),
  );
  await run(["mkfs.btrfs", "-q", "-K", "-U", ROOT_UUID, part.path], { signal });
  const top = join(temporary.path, "top");
  {
    await using mounted = await mount(part.path, top, { type: "btrfs", options: [], signal });
    for (const name of ["@", "@home"])
      await run(["btrfs", "subvolume", "create", join(mounted.path, name)], { signal });
  }
  const root = join(temporary.path, "root");
  scope.use(await mount(part.path, root, { type: "btrfs", options: ["subvol=@"], signal }));
  await unpack(systemTar, root, { signal });
  await plant(root, {
    ...commonFiles("fir"),
    ...INITRAMFS_TOOLS_FILES,
    "/etc/initramfs-tools/modules": `${INITRAMFS_TOOLS_FILES["/etc/initramfs-tools/modules"]}btrfs\n`,
    "/etc/fstab": FSTAB,
    "/etc/kernel/cmdline": `${OPTIONS}\n`,
  });
  await mkdir(join(root, "boot/efi"), { recursive: true });
  const system = scope.use(await enter(root, { signal }));
  await system.inside(["chpasswd"], "root:p2v\n");
  await system.inside(["update-initramfs", "-u", "-k", "all"]);
  const [kernel = ""] = await kernelsIn(root);
  const home = `${MACHINE_ID}/${kernel}`;
  const loader = await systemdBoot(temporary.path, { signal });
  const files = {
    "EFI/systemd/systemd-bootx64.efi": { from: loader },
    "loader/loader.conf": "timeout 1\nconsole-mode keep\n",
    [`loader/entries/${MACHINE_ID}-${kernel}.conf`]: `# Boot Loader Specification type#1 entry
title      Debian GNU/Linux 12 (bookworm)
version    ${kernel}
machine-id ${MACHINE_ID}
options    ${OPTIONS}
linux      /${home}/linux
initrd     /${home}/initrd.img-${kernel}
`,
    [`${home}/linux`]: { from: join(root, `boot/vmlinuz-${kernel}`) },
    [`${home}/initrd.img-${kernel}`]: { from: join(root, `boot/initrd.img-${kernel}`) },
  };
  await writeEsp(image, ESP, { files, scratch: temporary.path, signal });
}

/** Debian's package alone, unpacked; bookworm's, as the system. */
async function systemdBoot(scratch: string, { signal }: Call): Promise<string> {
  const directory = join(scratch, "systemd-boot");
  const argv = ["mmdebstrap", "--mode=root", "--variant=extract", "--include=systemd-boot-efi"];
  argv.push('--aptopt=Acquire::Languages "none"', "bookworm", directory, await readMirror());
  await run(argv, { signal, timeoutMs: 300_000 });
  const path = join(scratch, "systemd-bootx64.efi");
  await writeFile(path, await readFile(join(directory, "usr/lib/systemd/boot/efi/systemd-bootx64.efi")));
  return path;
}
