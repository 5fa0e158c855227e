// SPDX-License-Identifier: Apache-2.0
// The base of the live medium: a Debian tree as squashfs, its kernel and initramfs, and the boot loaders. No program of ours.
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RunError, run } from "../system/index.ts";
import { UserError } from "../core/index.ts";
import { makeInitramfs } from "./initramfs.ts";
import { LIVECD_DIRECTORY, type Recipe } from "./recipe.ts";
import { makeSquashfs } from "./squashfs.ts";

type Call = { readonly signal: AbortSignal; readonly say: (text: string) => void };

/** Files of a base directory. */
export const BASE_FILES = {
  squashfs: "base.squashfs",
  kernel: "vmlinuz",
  initramfs: "initrd.img",
  shim: "BOOTX64.EFI",
  grub: "grubx64.efi",
  mokManager: "mmx64.efi",
  networkGrub: "grubnetx64.efi",
  elTorito: "eltorito.img",
  hybrid: "boot_hybrid.img",
  packages: "packages.txt",
  noFirmware: "no-firmware.txt",
} as const;

/** On the tree for the build, not on the medium: boot loaders, kernel, what nobody runs there. */
const NOT_ON_THE_MEDIUM: readonly string[] = [
  "boot",
  "initrd.img",
  "initrd.img.old",
  "vmlinuz",
  "vmlinuz.old",
  "usr/lib/grub",
  "usr/lib/shim",
  "usr/lib/python3",
  "usr/lib/python3.*",
  "usr/share/grub",
  "usr/share/initramfs-tools",
  "var/cache/debconf/*-old",
];

/** In BIOS: what the menu needs, in one image. */
const GRUB_MODULES: readonly string[] = [
  ..."biosdisk iso9660 part_msdos part_gpt search search_fs_uuid search_fs_file normal configfile".split(" "),
  ..."linux boot chain echo test true sleep serial terminal minicmd halt reboot".split(" "),
];

/** Builds into `directory`, which is not there yet. */
export async function buildBase(recipe: Recipe, directory: string, { signal, say }: Call): Promise<void> {
  await mkdir(directory, { recursive: true });
  const root = join(directory, "root");
  const firmware = recipe.packages.filter(({ part }) => part === "firmware");
  const others = recipe.packages.filter(({ part }) => part !== "firmware").map(({ name }) => name);
  const install = (names: readonly string[], components: string): Promise<void> =>
    installTree(recipe, { root, packages: [...names, ...recipe.more], components, signal });
  say(`Debian ${recipe.suite} from ${recipe.mirror}`);
  let noFirmware: readonly string[] = [];
  try {
    await install([...others, ...firmware.map(({ name }) => name)], "main,non-free-firmware");
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    const reason = wordsOf(error);
    if (!/firmware|non-free/.test(reason)) throw notInstalled(recipe, reason, error);
    await rm(root, { recursive: true, force: true });
    await install(others, "main").catch((second: unknown) => {
      throw second instanceof RunError ? notInstalled(recipe, wordsOf(second), second) : second;
    });
    noFirmware = firmware.map(({ name, why }) => `${name}: ${why}`);
  }
  const files = (name: keyof typeof BASE_FILES): string => join(directory, BASE_FILES[name]);
  await writeFile(files("noFirmware"), noFirmware.map((line) => `${line}\n`).join(""));
  await writeFile(files("packages"), await listPackages(root, signal));
  say("Boot loaders, initramfs");
  await takeBootLoaders(root, directory, signal);
  await makeInitramfs({ root, path: files("initramfs"), epoch: recipe.epoch, signal });
  say("Packing the live system");
  await makeSquashfs({
    root,
    path: files("squashfs"),
    exclude: NOT_ON_THE_MEDIUM,
    allRoot: false,
    epoch: recipe.epoch,
    signal,
  });
  await rm(root, { recursive: true, force: true });
}

const wordsOf = (error: RunError): string =>
  error.stderr.split("\n").filter(isReason).slice(0, 4).join(" | ");
const isReason = (line: string): boolean => /^(E|W): /.test(line) && !/apt-get|mmdebstrap/.test(line);

function notInstalled({ suite, mirror }: Recipe, reason: string, cause: RunError): UserError {
  const words = reason === "" ? cause.message : reason;
  return new UserError("live-system-not-built", `Debian ${suite} could not be installed: ${words}`, {
    advice: `Check that ${mirror} can be reached, that the packages exist there, and that this runs as root`,
    cause,
  });
}

async function installTree(
  { suite, mirror, epoch }: Recipe,
  options: {
    root: string;
    packages: readonly string[];
    components: string;
    signal: AbortSignal;
  },
): Promise<void> {
  const argv = [
    "mmdebstrap",
    "--mode=root",
    "--format=directory",
    "--variant=apt",
    `--components=${options.components}`,
    `--include=${options.packages.join(",")}`,
    '--aptopt=APT::Install-Recommends "false"',
    // Licences stay.
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/info/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    // The initramfs is our own: Debian's would know LVM, RAID and what else a hook finds.
    "--dpkgopt=path-exclude=/usr/share/initramfs-tools/hooks/*",
    `--customize-hook="${join(LIVECD_DIRECTORY, "customize")}" "$1"`,
    suite,
    options.root,
    mirror,
  ];
  const env = { SOURCE_DATE_EPOCH: `${epoch}`, INITRD: "No", DEBIAN_FRONTEND: "noninteractive" };
  await run(argv, {
    signal: options.signal,
    timeoutMs: 45 * 60_000,
    maxOutputBytes: 64 * 2 ** 20,
    env,
  });
}

async function listPackages(root: string, signal: AbortSignal): Promise<string> {
  const format = "--showformat=${Package} ${Version} ${Architecture}\\n";
  return (await run(["dpkg-query", `--admindir=${join(root, "var/lib/dpkg")}`, "-W", format], { signal }))
    .stdout;
}

async function takeBootLoaders(root: string, directory: string, signal: AbortSignal): Promise<void> {
  const take = (from: string, to: keyof typeof BASE_FILES): Promise<void> =>
    copyFile(join(root, from), join(directory, BASE_FILES[to]));
  await take("usr/lib/shim/shimx64.efi.signed", "shim");
  await take("usr/lib/shim/mmx64.efi.signed", "mokManager");
  // gcd: Debian's signed GRUB for media; it reads /boot/grub/grub.cfg of where it came from.
  await take("usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed", "grub");
  await take("usr/lib/grub/i386-pc/boot_hybrid.img", "hybrid");
  // The same for machines that boot over the network; it reads grub/grub.cfg of its server.
  await take("usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed", "networkGrub");
  const kernel = (await readdir(join(root, "boot"))).filter((name) => name.startsWith("vmlinuz-")).toSorted();
  await take(join("boot", kernel.at(-1) ?? "vmlinuz"), "kernel");
  const argv = ["chroot", root, "grub-mkimage", "-O", "i386-pc-eltorito", "-p", "/boot/grub"];
  await run([...argv, "-o", "/tmp/eltorito.img", ...GRUB_MODULES], { signal });
  await take("tmp/eltorito.img", "elTorito");
  await rm(join(root, "tmp/eltorito.img"));
}

/** Firmware packages that the mirror did not have, as `NAME: hardware`. */
export async function readNoFirmware(base: string): Promise<readonly string[]> {
  const text = await readFile(join(base, BASE_FILES.noFirmware), "utf8");
  return text.split("\n").filter((line) => line !== "");
}
