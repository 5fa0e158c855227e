// SPDX-License-Identifier: Apache-2.0
// virt-p2v doctor: what this computer has and lacks for a migration, and what lies in extras/.
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { UserError } from "../../core/index.ts";
import { EXTRAS_DIRECTORY, type Extras, readExtras } from "../../job/index.ts";
import { programEnvironment, readBounded, readKernelNeeds } from "../../system/index.ts";
import { VERSION } from "../version.ts";
import { type CommandRunner, say, sayJson } from "./context.ts";

/** `needed`: without it no migration; else what it is good for is all that is missed. */
const PROGRAMS: readonly (readonly [program: string, use: string, needed: boolean])[] = [
  ["qemu-img", "disk images (qcow2)", true],
  ["blkid", "file system signatures", true],
  ["wipefs", "signatures of firmware RAID", true],
  ["losetup", "loop devices", true],
  ["cpio", "initramfs archives", true],
  ["zstd", "compressed modules and initramfs", true],
  ["xz", "compressed initramfs", true],
  ["e2fsck", "check of ext file systems", true],
  ["getfattr", "extended attributes of changed files", true],
  ["ssh", "hosts reached over ssh", false],
  ["dialog", "the wizard", false],
  ["dmsetup", "the overlay where the kernel has device-mapper", false],
  ["qemu-storage-daemon", "the overlay elsewhere", false],
  ["fusermount3", "the overlay elsewhere, as a file", false],
  ["qemu-system-x86_64", "the boot check of a VM on this computer", false],
  ["xfs_repair", "check of XFS file systems", false],
  ["btrfs", "check of btrfs file systems", false],
  ["cryptsetup", "encrypted volumes (LUKS) with a key", false],
  ["partclone.ntfs", "used blocks of NTFS", false],
  ["mcopy", "EFI system partitions where the kernel has no vfat", false],
  ["dpkg-deb", "packages (.deb) in extras", false],
  ["mmdebstrap", "building the live CD", false],
  ["mksquashfs", "building the live CD", false],
  ["xorriso", "building the live CD", false],
];

/** What `doctor --json` prints. */
export async function readDoctor(directory: string) {
  const programs = await Promise.all(
    PROGRAMS.map(async ([program, use, needed]) => ({ program, use, needed, there: await isThere(program) })),
  );
  const filesystems = (await readBounded("/proc/filesystems"))?.toString("utf8") ?? "";
  const kernel = await readKernelNeeds();
  const facts = {
    root: process.getuid?.() === 0,
    kernel: kernel.release,
    kvm: await canOpen("/dev/kvm"),
    loop: kernel.loop,
    deviceMapper: kernel.snapshots,
    fuse: kernel.fuse,
    fileSystems: ["ext4", "xfs", "btrfs", "vfat"].filter((name) => filesystems.includes(`\t${name}\n`)),
  };
  const extras = await readExtras(directory);
  const overlay = facts.deviceMapper || (facts.fuse && have("qemu-storage-daemon"));
  const fit = facts.root && facts.loop && overlay && programs.every(({ needed, there }) => there || !needed);
  return { version: VERSION, fit, ...facts, programs, extras };

  function have(name: string): boolean {
    return programs.some(({ program, there }) => program === name && there);
  }
}

export const runDoctor: CommandRunner = async (given) => {
  const directory = given.one("extras") ?? EXTRAS_DIRECTORY;
  const facts = await readDoctor(directory);
  const { fit, programs, extras } = facts;
  if (extras === null && given.one("extras") !== null)
    throw new UserError("extras-missing", `There is no directory ${directory}`, {
      advice: "Name one with packages in DISTRO/VERSION/ARCH/, such as rhel/5/x86_64/",
    });
  if (given.flag("json")) sayJson(facts);
  else {
    const yes = (value: boolean): string => (value ? "yes" : "no");
    say(`virt-p2v ${VERSION}: ${fit ? "a migration can begin here" : "a migration cannot begin here"}`);
    say(
      `  root ${yes(facts.root)}, Linux ${facts.kernel}, KVM ${yes(facts.kvm)}, loop devices ${yes(facts.loop)}, device-mapper snapshots ${yes(facts.deviceMapper)}, FUSE ${yes(facts.fuse)}`,
    );
    say(
      `  file systems of this kernel, loaded now: ${facts.fileSystems.join(", ") || "none of ext4, xfs, btrfs, vfat"}`,
    );
    for (const { program, use, needed, there } of programs)
      if (!there) say(`  ${needed ? "MISSING" : "not here"}  ${program}: ${use}`);
    say(printExtras(directory, extras));
  }
  return fit ? 0 : 3;
};

function printExtras(directory: string, extras: Extras | null): string {
  if (extras === null) return `  extras: there is no ${directory}`;
  const lines = extras.packages.map(
    ({ distro, version, arch, file }) => `    ${distro} ${version} ${arch}: ${file}`,
  );
  const others = extras.others.map(
    (path) => `    ${path} (for no guest: packages lie in DISTRO/VERSION/ARCH/)`,
  );
  return [`  extras in ${directory}:`, ...lines, ...others].join("\n");
}

async function isThere(program: string): Promise<boolean> {
  const path = programEnvironment()["PATH"] ?? "";
  for (const directory of path.split(delimiter))
    if (await canOpen(join(directory, program), constants.X_OK)) return true;
  return false;
}

const canOpen = (path: string, mode: number = constants.R_OK): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );
