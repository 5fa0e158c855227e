// SPDX-License-Identifier: Apache-2.0
// Laws of the edits of hardware names: any text is survived, twice is once, lines that name nothing stay, time is linear.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { IntendedNic } from "../../core/index.ts";
import { assertLinear, filled } from "../../../tests/support/growth.ts";
import { testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { editLegacyDisks } from "../grub-disks/legacy.ts";
import { editGrubDisks } from "../grub-disks/uses.ts";
import { readVolumes } from "../names/volumes.ts";
import { withoutLostConsoles } from "./consoles/consoles.ts";
import { withInitramfs } from "./disks/crypttab.ts";
import { renderFstab } from "./disks/fstab-text.ts";
import { editUnit } from "./disks/unit-devices.ts";
import { withHwaddr } from "./network/ifcfg.ts";
import { withoutSlotLink } from "./network/link-files.ts";
import { withVmDisks } from "./disks/lvm-filter.ts";
import { renderMdadmConf } from "./disks/mdadm-conf.ts";
import { renderAliases } from "./kernels/modprobe-aliases.ts";
import { fittingMatch } from "./network/netplan.ts";
import { fittingNetwork } from "./network/networkd.ts";
import { fittingProfile } from "./network/networkmanager.ts";
import { withoutSlotNames } from "./network/persistent-net.ts";
import { findSealed } from "./disks/sealed-keys.ts";
import { withDriver } from "./hardware/xorg.ts";

const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: "52:54:00:12:34:56", origin: "guest" }];

const VOLUMES = readVolumes(testGuestOS(), testIntent());

const EDITS: Readonly<Record<string, (text: string) => string>> = {
  consoles: (text) => withoutLostConsoles(text, "libvirt"),
  crypttab: (text) => withInitramfs(text, new Set(["root_crypt", "filter"])),
  ifcfg: (text) => withHwaddr(text, "ifcfg-eth0", { nics: NICS, add: false }),
  link: withoutSlotLink,
  lvm: withVmDisks,
  fstab: (text) => renderFstab(text, VOLUMES).text,
  grub: (text) => editGrubDisks(text, () => ({ kind: "uuid", uuid: "1" })),
  "grub-legacy": (text) => editLegacyDisks(text, () => ({ kind: "device", device: "hd0,0" })),
  mdadm: (text) => renderMdadmConf(text, VOLUMES).text,
  unit: (text) => editUnit(text, VOLUMES).text,
  modprobe: (text) => renderAliases(text, { net: "virtio_net", block: "virtio_blk" }, { adapter: false }),
  netplan: (text) => fittingMatch(text, { nics: NICS }, []),
  networkd: (text) => fittingNetwork(text, NICS),
  networkmanager: (text) => fittingProfile(text, NICS),
  persistent: withoutSlotNames,
  xorg: (text) => withDriver(text, "vesa"),
};

/** Pieces of all these formats, so that edits have something to do. */
const PIECES = [
  "[Match]",
  "[Link]",
  "[connection]",
  "[ethernet]",
  "[match]",
  "Name=lan0",
  "Path=pci-0000:00:03.0",
  "Driver=tg3",
  "MACAddress=00:1a:64:00:00:01",
  "interface-name=eth0",
  "mac-address=00:1A:64:00:00:01",
  "path=pci-0000:03:00.0;",
  "DEVICE=eth0",
  'HWADDR="00:1A:64:00:00:01"',
  "alias eth0 tg3",
  "alias scsi_hostadapter mptsas",
  "alias scsi_hostadapter1 cciss",
  'SUBSYSTEM=="net", KERNELS=="0000:04:01.0", NAME="eth1"',
  'filter = [ "a|/dev/sda|", "r|.*|" ]',
  'filter = "r|.*|"',
  "filter = [",
  "DEVICE /dev/sda1 /dev/sdb1",
  "ARRAY /dev/md0 devices=/dev/sda1 UUID=1:2",
  "  devices=/dev/sda2",
  "/dev/sda1 / ext4 x-systemd.requires=/dev/sda2",
  "/dev\\057sda2 none swap sw",
  "set root='hd1,msdos1'",
  "menuentry 'a' {",
  "linux (hd1,gpt2)/vmlinuz",
  "root (hd1,0)",
  "kernel (hd2,1)/vmlinuz",
  "}",
  "[Mount]",
  "What=/dev/sda1",
  "After=dev-sda2.swap",
  "network:",
  "  ethernets:",
  "    eth0:",
  "      match:",
  "        driver: tg3",
  '        macaddress: "00:1a:64:00:00:01"',
  "      set-name: eth0",
  "s1:23:respawn:/sbin/agetty ttyS1",
  'Section "Device"',
  '  Driver "mga"',
  '  BusID "PCI:1:0:0"',
  "EndSection",
  "root_crypt UUID=1 none luks,discard",
  "root_crypt\tUUID=1  # bare",
  "# a comment",
  "",
  " ",
  "\\",
  "ä\u0000",
];
const line = fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 40 }));
const text = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\n")), { maxLength: 25, size: "max" })
  .map((lines) => lines.map((one) => one.join("")).join(""));

for (const [name, edit] of Object.entries(EDITS))
  test(`${name}: any text is survived, and an edit of an edit changes nothing`, () => {
    fc.assert(
      fc.property(text, (before) => {
        const after = edit(before);
        assert.equal(edit(after), after);
      }),
      { numRuns: 300 },
    );
  });

test("lines that name no hardware stay, byte for byte", () => {
  const quiet = fc
    .array(fc.stringMatching(/^#[ -~]{0,30}$/), { maxLength: 10 })
    .map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(quiet, (before) => {
      for (const edit of Object.values(EDITS)) assert.equal(edit(before), before);
    }),
  );
});

test("a text without structure takes no quadratic time", async () => {
  for (const piece of [
    " ",
    "\t\\\n",
    "[",
    '"',
    "=",
    "a",
    'KERNELS=="',
    "filter = [ ",
    "alias eth0 ",
    "Name=",
    "\n",
    "ARRAY a\n ",
    "dev-sda2.swap ",
    "dev-",
    "/dev/sda1 ",
    "search ",
  ]) {
    for (const [name, edit] of Object.entries({ ...EDITS, sealed: findSealed }))
      await assertLinear(`${name} on ${JSON.stringify(piece)}`, (scale) => edit(filled(piece, scale)));
  }
});
