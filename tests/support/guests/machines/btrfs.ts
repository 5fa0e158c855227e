// SPDX-License-Identifier: Apache-2.0
// `fir`: btrfs with subvolumes for / and /home, systemd-boot with entries on an EFI system partition that fstab does not
// name, kernels there as kernel-install puts them, started by its NVRAM entry only.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mount, run } from "../../../../src/system/index.ts";
import { readMirror } from "../../../../lab/demo/system.ts";
import { type Call, MIB, temporaryDirectory } from "../../../../lab/machine/build.ts";
import { makeDisk } from "../../../../lab/machine/disk.ts";
import { fillEsp } from "../../../../lab/machine/esp.ts";
import { installSystem } from "../../../../lab/machine/install.ts";

const ROOT_UUID = "b7f5f1a0-6666-4a53-9a1c-0d6e6f1b2c04";
const MACHINE_ID = "6f1d2c3b4a5968778695a4b3c2d1e0f2";

const LAYOUT = {
  label: "gpt",
  sizeBytes: 2048 * MIB,
  parts: [{ sizeBytes: 256 * MIB, holds: "fat", uuid: "F1A2B3C4" }, { holds: "other" }],
} as const;

const FSTAB = `/dev/nvme0n1p2 / btrfs subvol=@ 0 0
/dev/nvme0n1p2 /home btrfs subvol=@home 0 0
`;

const OPTIONS = "root=/dev/nvme0n1p2 rootflags=subvol=@ ro quiet";

/** Makes `disk-1.img` in `directory`. */
export async function buildBtrfsMachine(
  directory: string,
  { systemTar, signal }: Call & { systemTar: string },
): Promise<void> {
  await using disk = await makeDisk(join(directory, "disk-1.img"), LAYOUT, { signal });
  const [esp = "", device = ""] = disk.parts.map((part) => part.device);
  await makeSubvolumes(device, { signal });
  const mounts = [{ device, at: "/", type: "btrfs", options: ["subvol=@"] }];
  const files = { "/etc/fstab": FSTAB, "/etc/kernel/cmdline": `${OPTIONS}\n` };
  const own = { hostname: "fir", files, drivers: ["btrfs"] };
  await using system = await installSystem({ systemTar, mounts, ...own, signal });
  const { root, scratch } = system;
  await mkdir(join(root, "boot/efi"), { recursive: true });
  const [kernel = ""] = system.kernels;
  const home = `${MACHINE_ID}/${kernel}`;
  const loader = await systemdBoot(scratch, { signal });
  const loaded = {
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
  await fillEsp(esp, { files: loaded, scratch, signal });
}

async function makeSubvolumes(device: string, { signal }: Call): Promise<void> {
  await run(["mkfs.btrfs", "-q", "-K", "-U", ROOT_UUID, device], { signal });
  await using temporary = await temporaryDirectory();
  await using top = await mount(device, join(temporary.path, "top"), { type: "btrfs", options: [], signal });
  for (const name of ["@", "@home"])
    await run(["btrfs", "subvolume", "create", join(top.path, name)], { signal });
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
