// SPDX-License-Identifier: Apache-2.0
// What a VM's last console lines mean, when it did not boot. Pure; add a line when a guest teaches one.

type KnownEnd = {
  readonly pattern: RegExp;
  /** One sentence with the cause; `$1` is the first group that matched. */
  readonly means: string;
  /** Nothing better can come after it: the check need not wait for its time limit. */
  readonly final: boolean;
};

/** The first pattern that matches any of the last lines explains them: causes stand before their consequences. */
const KNOWN_ENDS: readonly KnownEnd[] = [
  {
    pattern: /CPU does not support x86-64-v(\d)|CPU ISA level is lower than required/,
    means: "The guest was built for a newer CPU than the VM has; give the VM the host's CPU model",
    final: false,
  },
  {
    pattern: /This kernel requires an? (?:x86-64|i?\d86) CPU|requires the following features not present/,
    means: "The guest's kernel does not run on the VM's CPU",
    final: true,
  },
  {
    pattern: /cryptsetup: ERROR: (\S{1,80}): (?:maximum number of tries exceeded|cryptsetup failed)/,
    means: "The initramfs did not get the passphrase of the encrypted volume $1",
    final: false,
  },
  {
    pattern: /ALERT!\s+((?:UUID=|LABEL=|PARTUUID=|\/dev\/)\S+)\s+does not exist/,
    means:
      "The initramfs did not find the root file system $1: it lacks the disk driver, or names another disk",
    final: true,
  },
  {
    pattern: /Gave up waiting for (?:root|suspend\/resume) (?:file system )?device/,
    means: "The initramfs did not find the root file system: it lacks the disk driver, or names another disk",
    final: false,
  },
  {
    pattern: /dracut-initqueue.*(?:timeout|starting timeout scripts)|Warning: (?:\/dev\/\S+) does not exist/,
    means:
      "The initramfs (dracut) did not find a disk that the boot needs: it lacks the driver, or names another disk",
    final: false,
  },
  {
    pattern:
      /Entering emergency mode\. Exit the shell|dracut:\/?#|Generating "\/run\/initramfs\/rdsosreport\.txt"/,
    means:
      "The boot ended in the emergency shell of the initramfs (dracut): the root file system was not found or not mounted",
    final: true,
  },
  {
    pattern: /^\s*\(initramfs\)/,
    means: "The boot ended in the shell of the initramfs: the root file system was not found or not mounted",
    final: true,
  },
  {
    pattern: /VFS: (?:Unable to mount root fs|Cannot open root device)(?: on | ")?([\w(),-]*)/,
    means:
      "The kernel found no root file system: it has no initramfs, or lacks the disk's or the file system's driver",
    final: true,
  },
  {
    pattern: /No init found|not syncing: (?:No working init|Requested init|Attempted to kill init)/,
    means: "The root file system was mounted, but its first program (init) could not run",
    final: true,
  },
  {
    pattern: /Kernel panic - not syncing: (.{1,120})/,
    means: "The guest's kernel gave up: $1",
    final: true,
  },
  {
    pattern: /grub rescue>|error: unknown filesystem\.?$/,
    means:
      "GRUB did not find its own files: it was installed for another disk, or its partition is not there",
    final: true,
  },
  {
    pattern: /error: (?:no such (?:device|partition|disk)|disk `[^']*' not found|file `[^']*' not found)/,
    means: "GRUB did not find a disk or file that its configuration names",
    final: false,
  },
  {
    pattern: /^\s*grub>/,
    means: "GRUB started without its configuration",
    final: true,
  },
  {
    pattern:
      /No bootable device|Boot failed: not a bootable disk|Operating System not found|Missing operating system/i,
    means: "The firmware found no boot loader on the VM's disk",
    final: true,
  },
  {
    pattern: /BdsDxe: No bootable option|^Shell> *$/,
    means: "The UEFI firmware found no boot loader on the VM's disk",
    final: true,
  },
  {
    pattern: /BdsDxe: failed to load Boot|UEFI Interactive Shell/,
    means: "The UEFI firmware found no boot loader on the VM's disk",
    final: false,
  },
  {
    pattern: /Security Violation|Access Denied.*BdsDxe|bad shim signature|Verification failed: \(0x1A\)/i,
    means: "Secure Boot refused the guest's boot loader or kernel",
    final: true,
  },
  {
    pattern: /not a COM32R image|ISOLINUX|SYSLINUX.*boot:/,
    means: "The boot loader did not find its configuration",
    final: false,
  },
  {
    pattern:
      /fsck\.\w+: Bad magic number in super-block while trying to open (\S{1,80})|wrong fs type, bad option, bad superblock on (\S{1,80}?),|(?:EXT\d-fs|XFS) \((\S{1,40})\): (?:VFS: Can't find an? ext\d filesystem|Invalid superblock magic number)/i,
    means:
      "A line of fstab says another type of file system than lies on $1, or an option that it does not know",
    final: false,
  },
  {
    pattern:
      /You are in (?:emergency|rescue) mode|Welcome to (?:emergency|rescue) mode|Give root password for (?:maintenance|system maintenance)/i,
    means:
      "The system stopped in emergency mode: a unit it cannot do without failed, mostly a file system of fstab",
    final: false,
  },
  {
    pattern:
      /UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY|Structure needs cleaning|fsck\.\w+: .*(?:unable|error)/i,
    means: "A file system is damaged and asks for a check by hand",
    final: false,
  },
  {
    pattern: /A start job is running for (.{1,80}?)(?: \(|$)/,
    means: "The system was still waiting for $1",
    final: false,
  },
  { pattern: /Out of memory: Kill/i, means: "The VM has too little memory", final: false },
  {
    pattern: /(?:^|\s)\S+ login: *$/,
    means: "The system came up to its login prompt, but its boot probe said nothing",
    final: false,
  },
  {
    pattern: /Linux version \d|systemd\[1\]: |Reached target /,
    means: "The guest's kernel started, but the system did not come up in time",
    final: false,
  },
  {
    pattern: /GNU GRUB|Booting from Hard Disk|Welcome to GRUB|Booting `/,
    means:
      "The boot loader started, and nothing was seen of the guest's kernel (its console may be on the screen only)",
    final: false,
  },
];

/** A sentence without full stop. `lines` as cleanLine() gives them; the last 200 count. */
export function explainConsole(lines: readonly string[]): string {
  const last = lines.slice(-200);
  for (const { pattern, means } of KNOWN_ENDS) {
    for (const line of last) {
      const match = pattern.exec(line);
      if (match !== null) return means.replaceAll("$1", () => match.slice(1).find(Boolean)?.trim() ?? "");
    }
  }
  return last.every((line) => line.trim() === "")
    ? "The VM printed nothing on its serial console"
    : "The system did not report in time, and its last console lines are none we know";
}

/** Is this line the end of a boot, so that waiting on is in vain (but for a reboot)? */
export function isFinalLine(line: string): boolean {
  return KNOWN_ENDS.some(({ pattern, final }) => final && pattern.test(line));
}
