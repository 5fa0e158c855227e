// SPDX-License-Identifier: Apache-2.0
// Any words, and any damage, in all files that conversion reads: every step comes to its end and throws nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { inspectGuest, readMounts } from "../../src/inspect/index.ts";
import { type MemoryFile, memoryView } from "../../src/system/index.ts";
import { fakeGuest, propose } from "../support/guests/convert-guest.ts";
import { diskGraph, SYSTEM_FILES, testIntent } from "../support/guests/sample-guest.ts";
import { TARGETS } from "../support/guests/hostile-guest.ts";
import { check } from "../support/laws.ts";

/** Further files of the steps, that the small guest has not. */
const MORE: Readonly<Record<string, string>> = {
  "/etc/wicked/client.xml": "<config/>\n",
  "/etc/sysconfig/network/ifcfg-eth0": "STARTMODE=auto\nBOOTPROTO=dhcp\nLLADDR=00:1a:64:00:00:01\n",
  "/etc/sysconfig/bootloader": 'DEFAULT_APPEND="root=/dev/sda1 resume=/dev/sda2"\n',
  "/etc/default/grub.d/50-x.cfg": 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX resume=/dev/sda2"\n',
  "/boot/grub/grubenv": "# GRUB Environment Block\nkernelopts=root=/dev/sda1\n",
  "/boot/efi/EFI/debian/BOOTX64.CSV": "shimx64.efi,debian,,x\n",
  "/boot/efi/EFI/Linux/x.efi": "MZ",
  "/etc/mkinitcpio.conf": "MODULES=()\nHOOKS=(base udev autodetect)\n",
  "/etc/mkinitfs/mkinitfs.conf": 'features="ata base"\n',
  "/etc/init/ttyS0.conf": "exec /sbin/getty ttyS0\n",
  "/var/lib/dhcp/dhclient.eth0.leases": "lease {\n interface eth0;\n fixed-address 192.0.2.7;\n}\n",
  "/etc/selinux/config": "SELINUX=enforcing\n",
  "/boot/loader/loader.conf": "default x\n",
  "/etc/dracut.conf.d/x.conf": 'hostonly="yes"\nadd_drivers+=" ahci "\n',
};
const FILES: Readonly<Record<string, MemoryFile>> = { ...SYSTEM_FILES, ...TARGETS, ...MORE };
const TEXTS: Readonly<Record<string, string>> = { ...TARGETS, ...MORE };
const PATHS = Object.keys(TEXTS);

/** The sound text with pieces cut out, doubled, or replaced by what breaks a parser. */
function damaged(path: string): fc.Arbitrary<MemoryFile> {
  const sound = TEXTS[path] ?? "";
  const piece = fc.oneof(
    fc.constantFrom(
      "\n",
      "\\\n",
      '"',
      "'",
      "=",
      "[",
      "{",
      "(",
      "\0",
      "\r\n",
      " ",
      "\t",
      "#",
      "/dev/sda1",
      "\u00ff",
      "{{{{",
    ),
    fc.string({ unit: "binary-ascii", maxLength: 6 }),
  );
  const change = fc.record({
    at: fc.nat(sound.length),
    length: fc.nat(20),
    piece,
    times: fc.constantFrom(1, 1, 1, 200),
  });
  const cut = fc
    .array(change, { minLength: 1, maxLength: 5 })
    .map((changes) =>
      changes.reduce(
        (text, { at, length, piece: put, times }) =>
          text.slice(0, at) + put.repeat(times) + text.slice(at + length),
        sound,
      ),
    );
  const half = fc.nat(sound.length).map((at) => sound.slice(0, at));
  const bytes = fc.uint8Array({ maxLength: 200 });
  return fc.oneof(cut, cut, half, bytes, fc.constant(sound));
}

const trees = fc.tuple(...PATHS.map((path) => damaged(path).map((file) => [path, file] as const)));

test("any damage in all files that conversion reads is survived by every step", async (t) => {
  const fake = await fakeGuest(t);
  const graph = diskGraph();
  const intent = { ...testIntent(), skipSteps: ["initramfs", "prove"] };
  await check(
    t,
    fc.asyncProperty(
      trees,
      fc.constantFrom("debian", "rhel", "suse", "arch", "alpine"),
      async (files, family) => {
        const view = memoryView({ ...FILES, ...Object.fromEntries(files) });
        const rootNode = "disk:1/part:1/filesystem";
        const { mounts, names } = await readMounts(view, { graph, root: rootNode });
        const guest = await inspectGuest(view, { rootNode, mounts, names, usedBytes: 0 });
        const { changes } = await propose({ ...fake, view, intent, guest: { ...guest, family } });
        for (const { path } of changes) assert.match(path, /^\//);
      },
    ),
    { runs: 40 },
  );
});
