// SPDX-License-Identifier: Apache-2.0
// Guest files and cards as people reported them: which name each card of the VM gets, by what, and what is said of the rest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleReport } from "../../lab/samples/report.ts";
import type { GuestOS, Nic } from "../../src/core/index.ts";
import { readGuestNetwork } from "../../src/inspect/guest/network/index.ts";
import { chooseNics } from "../../src/plan/index.ts";
import { memoryView } from "../../src/system/index.ts";

const A = "24:6e:96:00:00:0a";
const B = "24:6e:96:00:00:0b";
const C = "24:6e:96:00:00:0c";

type Names = Required<Nic>["names"];

const card = (mac: string, names: Names = {}, more: Partial<Nic> = {}): Nic => ({
  name: `live-${mac.slice(-1)}`,
  mac,
  driver: "ixgbe",
  speedMbit: null,
  carrier: null,
  bus: null,
  names,
  ...more,
});

type Case = {
  readonly files: Readonly<Record<string, string>>;
  /** None: only the disks are there. */
  readonly cards?: readonly Nic[];
  /** `name address reason`. */
  readonly nics: readonly string[];
  readonly problems?: readonly string[];
};

const PLACES = {
  "/usr/lib/systemd/network/99-default.link": "[Link]\nNamePolicy=keep kernel database onboard slot path\n",
};
const ifupdown = (...names: readonly string[]): string =>
  names.map((name) => `auto ${name}\niface ${name} inet dhcp\n`).join("");
const rule = (match: string, name: string): string =>
  `SUBSYSTEM=="net", ACTION=="add", ${match}, NAME="${name}"\n`;

const CASES: Readonly<Record<string, Case>> = {
  "the server of the report: enp3s0 configured, ens4 on the live CD": {
    files: { ...PLACES, "/etc/network/interfaces": ifupdown("enp3s0") },
    cards: [card(A, { slot: "ens4", path: "enp3s0" }, { name: "ens4" })],
    nics: [`enp3s0 ${A} place`],
  },
  "Intel X710: the guest's older kernel knows no np0": {
    files: {
      ...PLACES,
      "/etc/netplan/50.yaml":
        "network: {version: 2, ethernets: {enp65s0f0: {dhcp4: true}, enp65s0f1: {dhcp4: true}}}\n",
    },
    cards: [card(B, { path: "enp65s0f1np1" }), card(A, { path: "enp65s0f0np0" })],
    nics: [`enp65s0f0 ${A} place`, `enp65s0f1 ${B} place`],
  },
  "Dell with biosdevname, four ports, one used": {
    files: {
      "/etc/sysconfig/network-scripts/ifcfg-em1": "DEVICE=em1\nBOOTPROTO=dhcp\nONBOOT=yes\n",
      "/etc/sysconfig/network-scripts/ifcfg-em2": "DEVICE=em2\nONBOOT=no\n",
    },
    cards: [card(A, { onboard: "eno1" }), card(B, { onboard: "eno2" })],
    nics: [`em1 ${A} place`, `em2 ${B} place`],
    problems: ["nic-unused em2"],
  },
  "an upgrade left eth0 beside enp3s0": {
    files: { ...PLACES, "/etc/network/interfaces": ifupdown("eth0", "enp3s0") },
    cards: [card(A, { path: "enp3s0" })],
    nics: [`enp3s0 ${A} place`],
    problems: ["nic-not-in-vm eth0"],
  },
  "net.ifnames=0 and rules from before: the rules decide": {
    files: {
      ...PLACES,
      "/etc/default/grub": 'GRUB_CMDLINE_LINUX="net.ifnames=0 biosdevname=0"\n',
      "/etc/network/interfaces": ifupdown("eth0", "eth1"),
      "/etc/udev/rules.d/70-persistent-net.rules":
        rule(`ATTR{address}=="${B}"`, "eth0") + rule(`ATTR{address}=="${A}"`, "eth1"),
    },
    cards: [card(A, { path: "enp3s0" }), card(B, { path: "enp4s0" })],
    nics: [`eth0 ${B} address`, `eth1 ${A} address`],
  },
  "net.ifnames=0, two cards and no rules: nobody can tell": {
    files: {
      ...PLACES,
      "/etc/default/grub": 'GRUB_CMDLINE_LINUX="net.ifnames=0"\n',
      "/etc/network/interfaces": ifupdown("eth0", "eth1"),
    },
    cards: [card(A, { path: "enp3s0" }), card(B, { path: "enp4s0" })],
    nics: [`live-a ${A}`, `live-b ${B}`],
    problems: ["nic-unclear eth0 eth1"],
  },
  "the same, but dhclient logged one of them": {
    files: {
      "/etc/network/interfaces": ifupdown("eth0", "eth1"),
      "/var/log/syslog": `Jan  1 00:00:00 web dhclient[7]: Listening on LPF/eth1/${A}\n`,
    },
    cards: [card(A), card(B)],
    nics: [`eth0 ${B} only`, `eth1 ${A} address`],
  },
  "a bond that has the address of its first port, set on both": {
    files: {
      "/etc/network/interfaces": `auto bond0 eno1 eno2\niface eno1 inet manual\n hwaddress ether ${A}\n bond-master bond0\niface eno2 inet manual\n hwaddress ether ${A}\n bond-master bond0\niface bond0 inet dhcp\n bond-mode active-backup\n bond-slaves none\n`,
    },
    cards: [card(A, { onboard: "eno1" }), card(B, { onboard: "eno2" })],
    nics: [`eno1 ${A} place`, `eno2 ${B} place`],
    problems: ["nic-other-mac eno2"],
  },
  "HWADDR is the card's own, MACADDR a licence's": {
    files: {
      "/etc/sysconfig/network-scripts/ifcfg-eth0": `DEVICE=eth0\nHWADDR=${A}\nMACADDR=${C}\nBOOTPROTO=dhcp\nONBOOT=yes\n`,
    },
    cards: [card(B), card(A)],
    nics: [`eth0 ${A} address`, `live-b ${B}`],
    problems: [`nic-unused live-b`],
  },
  "NetworkManager clones another card's address": {
    files: {
      ...PLACES,
      "/etc/NetworkManager/system-connections/a": `[connection]\ntype=ethernet\ninterface-name=eno1\n[ethernet]\ncloned-mac-address=${B}\n[ipv4]\nmethod=auto\n`,
    },
    cards: [card(A, { onboard: "eno1" }), card(B, { onboard: "eno2" })],
    nics: [`eno1 ${A} place`, `eno2 ${B}`],
    problems: ["nic-unused eno2"],
  },
  "a custom rule names a card by its place in udev's words": {
    files: {
      ...PLACES,
      "/etc/network/interfaces": ifupdown("lan0"),
      "/etc/udev/rules.d/10-lan.rules": rule('ENV{ID_NET_NAME_PATH}=="enp4s0"', "lan0"),
    },
    cards: [card(A, { path: "enp3s0" }), card(B, { path: "enp4s0" })],
    nics: [`enp3s0 ${A}`, `lan0 ${B} slot`],
    problems: ["nic-unused enp3s0"],
  },
  "a rule and a .link file by slot": {
    files: {
      "/etc/network/interfaces": ifupdown("lan0", "lan1"),
      "/etc/udev/rules.d/10-lan.rules": rule('KERNELS=="0000:04:00.0"', "lan0"),
      "/etc/systemd/network/10-lan1.link": "[Match]\nPath=pci-0000:03:00.0\n[Link]\nName=lan1\n",
    },
    cards: [card(A, {}, { bus: "0000:03:00.0" }), card(B, {}, { bus: "0000:04:00.0" })],
    nics: [`lan0 ${B} slot`, `lan1 ${A} slot`],
  },
  "netplan knows the card by its address, under a handle of its own": {
    files: {
      ...PLACES,
      "/etc/netplan/50.yaml": `network: {version: 2, ethernets: {mgmt: {match: {macaddress: "${A}"}, dhcp4: true}}}\n`,
    },
    cards: [card(A, { path: "enp3s0" }), card(B, { path: "enp4s0" })],
    nics: [`enp4s0 ${B}`, `mgmt ${A} address`],
    problems: ["nic-unused enp4s0"],
  },
  "SR-IOV functions, wireless and a BMC beside the only card": {
    files: { "/etc/network/interfaces": ifupdown("eth0") },
    cards: [card(A), card(B, {}, { aside: true }), card(C, {}, { aside: true })],
    nics: [`eth0 ${A} only`],
  },
  "a function that the guest itself uses": {
    files: { ...PLACES, "/etc/network/interfaces": ifupdown("enp3s0f0", "enp3s0f0v1") },
    cards: [card(A, { path: "enp3s0f0" }), card(B, { path: "enp3s0f0v1" }, { aside: true })],
    nics: [`enp3s0f0 ${A} place`, `enp3s0f0v1 ${B} place`],
  },
  "containers and bridges make no cards": {
    files: {
      "/etc/network/interfaces": `${ifupdown("eno1")}auto docker0 virbr0 br-1a2b3c4d5e6f\niface docker0 inet dhcp\niface virbr0 inet dhcp\n`,
      "/etc/NetworkManager/system-connections/docker0":
        "[connection]\ntype=bridge\ninterface-name=docker0\n[ipv4]\nmethod=manual\naddress1=172.17.0.1/16\n",
      "/var/lib/dhcp/dhclient.vnet0.leases": 'lease {\n  interface "vnet0";\n  fixed-address 192.0.2.7;\n}\n',
    },
    cards: [card(A, { onboard: "eno1" })],
    nics: [`eno1 ${A} place`],
  },
  "any card by DHCP: the card has the name that the guest's udev makes": {
    files: { ...PLACES, "/etc/systemd/network/20-wired.network": "[Match]\nName=en*\n[Network]\nDHCP=yes\n" },
    cards: [card(A, { slot: "ens4", path: "enp3s0" }, { name: "enp3s0" })],
    nics: [`ens4 ${A}`],
  },
  "a disk alone: names and addresses of its files, eth1 behind eth0": {
    files: {
      "/etc/network/interfaces": ifupdown("eth1", "eth0"),
      "/etc/udev/rules.d/70-persistent-net.rules":
        rule(`ATTR{address}=="${B}"`, "eth1") + rule(`ATTR{address}=="${A}"`, "eth0"),
    },
    nics: [`eth0 ${A}`, `eth1 ${B}`],
  },
  "a disk alone: an upgrade left eth0 beside enp3s0": {
    files: { ...PLACES, "/etc/network/interfaces": `${ifupdown("eth0", "enp3s0")}iface eth1 inet dhcp\n` },
    nics: ["enp3s0 52:54:00:d9:51:d6"],
    problems: ["nic-not-in-vm eth0"],
  },
  "a disk alone: eth0 where the kernel counts": {
    files: {
      "/etc/network/interfaces": ifupdown("eth0", "enp3s0"),
      "/etc/mactab": `eth0 ${A}\nenp3s0 ${B}\n`,
    },
    nics: [`eth0 ${A}`, `enp3s0 ${B}`],
  },
  "a disk alone: ifname= of the kernel's words": {
    files: {
      "/etc/network/interfaces": ifupdown("lan0"),
      "/etc/default/grub": `GRUB_CMDLINE_LINUX="ip=lan0:dhcp ifname=lan0:${A}"\n`,
    },
    nics: [`lan0 ${A}`],
  },
};

for (const [title, { files, cards = [], nics, problems = [] }] of Object.entries(CASES))
  test(title, async () => {
    const network = await readGuestNetwork(memoryView(files));
    const guest: GuestOS = { ...(sampleReport().guest as GuestOS), ...network };
    for (const machineNics of [cards, cards.toReversed()]) {
      const planned = chooseNics({ machineNics, guest, given: new Map(), seed: "x" });
      assert.deepEqual(
        planned.nics.map(({ name, mac, because }) => `${name} ${mac} ${because ?? ""}`.trim()),
        nics,
      );
      assert.deepEqual(
        planned.problems.map(({ code, about }) =>
          [code, ...about.flatMap((one) => (one.kind === "nic" && one.name !== null ? [one.name] : []))].join(
            " ",
          ),
        ),
        problems,
      );
    }
  });
