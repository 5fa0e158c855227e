// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { explainConsole, isFinalLine } from "./explain-console.ts";

/** Lines as the programs print them; what they mean; whether more can come. */
const LINES: readonly (readonly [string, RegExp, boolean])[] = [
  [
    "ALERT!  /dev/sda1 does not exist.  Dropping to a shell!",
    /did not find the root file system \/dev\/sda1/,
    true,
  ],
  [
    "Gave up waiting for root file system device.  Common problems:",
    /did not find the root file system/,
    false,
  ],
  ["Gave up waiting for suspend/resume device", /did not find the root/, false],
  ["(initramfs) ", /shell of the initramfs/, true],
  [
    "dracut-initqueue[274]: Warning: dracut-initqueue timeout - starting timeout scripts",
    /dracut.*did not find a disk/,
    false,
  ],
  ["Entering emergency mode. Exit the shell to continue.", /emergency shell of the initramfs/, true],
  ["dracut:/# ", /emergency shell of the initramfs/, true],
  ["[    2.1] VFS: Unable to mount root fs on unknown-block(0,0)", /no root file system/, true],
  ['VFS: Cannot open root device "sda1" or unknown-block(0,0): error -6', /no root file system/, true],
  [
    "[    1.0] Kernel panic - not syncing: No working init found.  Try passing init= option",
    /first program/,
    true,
  ],
  [
    "[    1.0] Kernel panic - not syncing: Fatal exception in interrupt",
    /gave up: Fatal exception in interrupt/,
    true,
  ],
  ["Fatal glibc error: CPU does not support x86-64-v2", /newer CPU/, false],
  ["/lib64/libc.so.6: CPU ISA level is lower than required", /newer CPU/, false],
  ["grub rescue> ", /GRUB did not find its own files/, true],
  ["error: no such device: 5a0f5c6e.", /GRUB did not find a disk/, false],
  ["grub> ", /without its configuration/, true],
  ["No bootable device.", /no boot loader/, true],
  ["Boot failed: not a bootable disk", /no boot loader/, true],
  ["BdsDxe: No bootable option or device was found.", /UEFI firmware found no boot loader/, true],
  ["Shell> ", /UEFI firmware found no boot loader/, true],
  ['BdsDxe: failed to load Boot0001 "UEFI Misc Device"', /UEFI firmware found no boot loader/, false],
  ["Verification failed: (0x1A) Security Violation", /Secure Boot/, true],
  ["You are in emergency mode. After logging in, type", /emergency mode/, false],
  ["/dev/vda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.", /damaged/, false],
  [
    "systemd-fsck[301]: fsck.ext3: Bad magic number in super-block while trying to open /dev/vda3",
    /another type of file system than lies on \/dev\/vda3/,
    false,
  ],
  [
    "mount: /srv: wrong fs type, bad option, bad superblock on /dev/vda3, missing codepage or helper program, or other error.",
    /another type of file system than lies on \/dev\/vda3, or an option/,
    false,
  ],
  ["[    3.1] XFS (vda3): Invalid superblock magic number", /another type .* lies on vda3/, false],
  ["[   **] A start job is running for /dev/sdb1 (12s / 1min 30s)", /still waiting for \/dev\/sdb1$/, false],
  ["aurora login: ", /boot probe said nothing/, false],
  ["[    0.000000] Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)", /kernel started/, false],
  ["Welcome to GRUB!", /nothing was seen of the guest's kernel/, false],
];

for (const [line, means, final] of LINES) {
  test(`explainConsole() knows: ${line.trim()}`, () => {
    assert.match(explainConsole(["noise", line, "more noise"]), means);
    assert.equal(isFinalLine(line), final);
  });
}

test("explainConsole() takes the cause, not its consequence", () => {
  const lines = [
    "Begin: Waiting for root file system ...",
    "Gave up waiting for root file system device.",
    "ALERT!  UUID=ab-12 does not exist.  Dropping to a shell!",
    "(initramfs)",
  ];
  assert.match(explainConsole(lines), /root file system UUID=ab-12:/);
});

test("explainConsole() says when it knows nothing", () => {
  assert.match(explainConsole([]), /printed nothing/);
  assert.match(explainConsole(["  ", ""]), /printed nothing/);
  assert.match(explainConsole(["hello"]), /none we know/);
});

test("explainConsole() gives back nothing of a line but what it captured", () => {
  assert.doesNotMatch(explainConsole(["Kernel panic - not syncing: $1 $& $`"]), /panic/);
});

test("ordinary lines are not final", () => {
  for (const line of [
    "Loading initial ramdisk ...",
    "[  OK  ] Reached target Multi-User System.",
    "root@aurora:~#",
    "error: not found",
  ])
    assert.equal(isFinalLine(line), false, line);
});
