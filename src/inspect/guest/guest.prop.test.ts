// SPDX-License-Identifier: Apache-2.0
// A guest's files may say anything: each parser ends, soon, and throws nothing but what its contract names.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findSpec, luksOf, parseCrypttab, parseDeviceName, patternOf } from "../../core/index.ts";
import { memoryView } from "../../system/index.ts";
import { parseFstab } from "./fstab-lines.ts";
import { findMounts } from "./mounts.ts";
import { parseElfMachine, parseOsRelease, parseReleaseLine } from "./identity.ts";
import { inspectGuest, looksLikeRoot, readMounts } from "./index.ts";
import { moduleNames } from "./kernels.ts";
import { parseKernelLines } from "./loader.ts";
import { parseIfcfg } from "./network/ifcfg.ts";
import { findInterfaces, parseInterfaces } from "./network/ifupdown.ts";
import { parseLeases } from "./network/leases.ts";
import { mergeFound } from "./network/merge.ts";
import { findNetplan } from "./network/netplan.ts";
import { parseUnit } from "./network/networkd.ts";
import { parseKeyfile } from "./network/networkmanager.ts";
import { isPhysicalName } from "./network/source.ts";
import { parseRules } from "./network/udev.ts";
import { assertLinear, filled } from "../../../tests/support/growth.ts";
import { anyCharacter } from "../../../tests/support/laws.ts";

const EMPTY = { nodes: [], edges: [] };
const NOBODY = { used: new Map<string, string>(), names: new Map<string, string>() };

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  fstab: (text) => findMounts(parseFstab(text), EMPTY),
  crypttab: (text) => parseCrypttab(text).map((line) => luksOf(EMPTY, line)),
  osRelease: parseOsRelease,
  releaseLine: (text) => parseReleaseLine(text, "/etc/SuSE-release"),
  elf: (text) => parseElfMachine(Buffer.from(text)),
  menu: parseKernelLines,
  modules: moduleNames,
  ifupdown: (text) => mergeFound(findInterfaces(parseInterfaces(text, "/x"))),
  netplan: (text) => mergeFound(findNetplan([{ path: "/x", text }])),
  network: (text) => mergeFound(parseUnit(text, "/x.network")),
  netdev: (text) => mergeFound(parseUnit(text, "/x.netdev")),
  link: (text) => mergeFound(parseUnit(text, "/x.link")),
  keyfile: (text) => mergeFound(parseKeyfile(text, "/x", NOBODY)),
  ifcfg: (text) => mergeFound(parseIfcfg(text, { path: "/x", name: "ifcfg-eth0" })),
  udev: (text) => mergeFound({ sightings: parseRules(text, "/x"), made: [] }),
  lease: (text) => parseLeases(text, "dhclient.leases"),
  deviceName: (text) => [parseDeviceName(text), findSpec(EMPTY, text)],
  pattern: (text) => patternOf(text).test("enp3s0f0np0v15"),
};

/** Words that mean something to one parser or another, so that chance finds its way inside. */
const WORDS = [
  ..."\n\n\n\t =:;,#[]{}\"'\\/*?!&|-.%$@()".split(""),
  ..."iface auto eth0 inet static dhcp address 192.0.2.7/24 netmask 255.255.255.0 bridge_ports bond-slaves".split(
    " ",
  ),
  ..."source /etc/network/* [Match] [Network] [connection] [ipv4] Name=en* MACAddress=00:11:22:33:44:55".split(
    " ",
  ),
  ..."network: ethernets: bonds: interfaces: addresses: match: set-name: dhcp4: true &a *a << __proto__".split(
    " ",
  ),
  ...'DEVICE= HWADDR= IPADDR= BONDING_SLAVE_0= SUBSYSTEM=="net" ATTR{address}=="00:11:22:33:44:55" NAME="e"'.split(
    " ",
  ),
  ...'UUID=1 LABEL=\\040 /dev/sda1 /dev/mapper/a--b-c / ext4 defaults linux ($root)/vmlinuz-1 x.ko.xz: ID="a"'.split(
    " ",
  ),
];

const hostile = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 300 }),
  fc
    .array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 8 })), { maxLength: 80 })
    .map((all) => all.join("")),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 80 }).map((all) => all.join(" ")),
);

for (const [name, parse] of Object.entries(PARSERS))
  test(`${name}: no text makes the parser throw`, () => {
    fc.assert(
      fc.property(hostile, (text) => {
        parse(text);
      }),
      { numRuns: 300 },
    );
  });

test("no parser takes more than linear time", async () => {
  // YAML is bounded by its size instead (netplan.ts): its parser is not ours.
  const ours = Object.entries(PARSERS).filter(([name]) => name !== "netplan");
  for (const unit of [
    ...WORDS,
    "a",
    " ",
    "\n",
    "\\\n",
    "a=",
    "(",
    "a.ko",
    "0",
    "\\000",
    "a\n",
    '"\\',
    "[a\n",
    "=\n",
  ]) {
    for (const [name, parse] of ours)
      await assertLinear(`${name} on ${JSON.stringify(unit)}`, (scale) => {
        try {
          parse(filled(unit, scale));
        } catch (error) {
          assert.ok(
            name === "fstab" && error instanceof RangeError,
            `${name} threw on ${JSON.stringify(unit)}: ${String(error)}`,
          );
        }
      });
  }
});

const PATHS = [
  "/etc/fstab",
  "/etc/os-release",
  "/etc/hostname",
  "/etc/network/interfaces",
  "/etc/netplan/a.yaml",
  "/etc/systemd/network/a.network",
  "/etc/NetworkManager/system-connections/a",
  "/etc/sysconfig/network-scripts/ifcfg-eth0",
  "/etc/udev/rules.d/70-net.rules",
  "/var/lib/dhcp/dhclient.eth0.leases",
  "/boot/grub/grub.cfg",
  "/boot/vmlinuz-1",
  "/boot/loader/entries/a.conf",
  "/lib/modules/1/modules.dep",
  "/bin/sh",
  "/sbin/init",
];

test("inspectGuest() makes something of any tree, and what it names is fit for use", async () => {
  const file = fc.oneof(
    hostile,
    fc.record({ link: fc.constantFrom("/", "..", "a", "/sbin/init", "../../x") }),
  );
  const tree = fc.dictionary(fc.constantFrom(...PATHS), file, { maxKeys: 12 });
  await fc.assert(
    fc.asyncProperty(tree, async (files) => {
      const view = memoryView(files);
      await looksLikeRoot(view);
      const { mounts, names } = await readMounts(view, { graph: EMPTY, root: "disk:1" });
      const guest = await inspectGuest(view, { rootNode: "disk:1", mounts, names, usedBytes: 0 });
      const interfaces = guest.network.map(({ name }) => name);
      assert.ok(interfaces.every(isPhysicalName));
      assert.equal(new Set(interfaces).size, interfaces.length);
      const macs = guest.network.flatMap(({ mac }) => mac ?? []);
      assert.equal(new Set(macs).size, macs.length);
    }),
    { numRuns: 300 },
  );
});
