// SPDX-License-Identifier: Apache-2.0
// The texts that name hardware, before and after; what a step does not mean stays byte for byte, and twice is once.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IntendedNic } from "../../core/index.ts";
import { fakeGuest, propose } from "../../../tests/support/guests/convert-guest.ts";
import { ROOT_UUID, testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { readVolumes } from "../names/volumes.ts";
import { conflictingLink, withoutConflicts } from "../names/nic-conflicts.ts";
import { withoutLostConsoles } from "./consoles/consoles.ts";
import { withHwaddr } from "./network/ifcfg.ts";
import { withoutSlotLink } from "./network/link-files.ts";
import { withVmDisks } from "./disks/lvm-filter.ts";
import { withoutLeftOut } from "./disks/fstab.ts";
import { renderMdadmConf, withoutCounts } from "./disks/mdadm-conf.ts";
import { renderAliases } from "./kernels/modprobe-aliases.ts";
import { fittingMatch } from "./network/netplan.ts";
import { fittingNetwork, lostMatch } from "./network/networkd.ts";
import { fittingProfile } from "./network/networkmanager.ts";
import { renderRules } from "../names/nic-pins.ts";
import { withoutSlotNames } from "./network/persistent-net.ts";
import { findSealed } from "./disks/sealed-keys.ts";
import { withDriver } from "./hardware/xorg.ts";

const MAC = "52:54:00:12:34:56";
const NICS: readonly IntendedNic[] = [{ name: "eth0", mac: MAC, origin: "given" }];

const once = (edit: (text: string) => string, before: string, after: string): void => {
  assert.equal(edit(before), after);
  assert.equal(edit(after), after, "a second time");
};

test("problem 12: an lvm.conf filter for the old disks lets the VM's through, any other stays", () => {
  once(
    withVmDisks,
    'devices {\n\t# filter = [ "a/.*/" ]\n\tfilter = [ "a|^/dev/sda2$|", "a|^/dev/sd[bc]$|", "r|.*|" ]  # local\n}\n',
    'devices {\n\t# filter = [ "a/.*/" ]\n\tfilter = [ "a|^/dev/vd|", "a|^/dev/xvd|", "a|^/dev/sda2$|", "a|^/dev/sd[bc]$|", "r|.*|" ]  # local\n}\n',
  );
  once(
    withVmDisks,
    'global_filter=["a|/dev/disk/by-id/scsi-36.*|",\n  # no more\n  "r|.*|"]\n',
    'global_filter=[ "a|^/dev/vd|", "a|^/dev/xvd|", "a|/dev/disk/by-id/scsi-36.*|",\n  # no more\n  "r|.*|"]\n',
  );
  for (const same of [
    'filter = [ "a/.*/" ]\n',
    'filter = [ "r|/dev/cdrom|" ]\n',
    'filter = [ "a|/dev/sda|", "r|/dev/sr.*|" ]\n', // all else is let through
    'filter = [ "a|/dev/md.*|", "r|.*|" ]\n', // volumes on an array: the array is there too
    'filter = [ "a|/dev/sda|", \n', // broken
    'filter = "r|/dev/cdrom|"\n',
  ])
    assert.equal(withVmDisks(same), same);
});

test("problem 13: mdadm.conf names arrays by UUID and looks on all disks", () => {
  const lost: string[] = [];
  once(
    (text) => renderMdadmConf(text, lost),
    "# mine\nDEVICE /dev/sda1 /dev/sd[bc]1 # two\nARRAY /dev/md0 devices=/dev/sda1,/dev/sdb1 UUID=1:2:3:4\nMAILADDR root\nDEVICE partitions\n",
    "# mine\nDEVICE partitions # two\nARRAY /dev/md0 UUID=1:2:3:4\nMAILADDR root\nDEVICE partitions\n",
  );
  assert.deepEqual(lost, []);
  const bare = "ARRAY /dev/md1 devices=/dev/sda2,/dev/sdb2\n";
  assert.equal(renderMdadmConf(bare, lost), bare);
  assert.deepEqual(lost, ["/dev/md1"]);
});

test("problem 13: of a mirror that is not sent nothing is waited for", () => {
  once(
    withoutCounts,
    "ARRAY /dev/md0 level=raid1 num-devices=2 UUID=1:2:3:4\nARRAY /dev/md/1  metadata=1.2\n   spares=1 UUID=5:6:7:8\n# num-devices=2\nMAILADDR root\n",
    "ARRAY /dev/md0 level=raid1 UUID=1:2:3:4\nARRAY /dev/md/1  metadata=1.2\n   UUID=5:6:7:8\n# num-devices=2\nMAILADDR root\n",
  );
  const disk = { number: 2, path: "/dev/sdb", kind: "device", sizeBytes: 2 ** 30, sectorBytes: 512 } as const;
  const volumes = [
    { kind: "swap", uuid: "5A5A5A5A-0002", label: "swap2" },
    { kind: "filesystem", uuid: "E5E5-0002", label: null },
  ] as const;
  const named = readVolumes(testGuestOS(), testIntent());
  const kept = `UUID=${ROOT_UUID} / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n# UUID=5a5a5a5a-0002 none swap sw 0 0\n/dev/md0 /boot ext4 defaults 0 2\n`;
  const gone = [
    "UUID=5a5a5a5a-0002  none swap sw 0 0\n",
    "LABEL=swap2 none swap sw 0 0\n",
    "/dev/sdb2 none swap sw 0 0\n",
    "/dev/disk/by-uuid/E5E5-0002 /boot/efi2 vfat umask=0077 0 1\n",
  ];
  const comments = gone.map(
    (line) => `# virt-p2v: on a disk that was left out, since its mirror is here\n# ${line}`,
  );
  once(
    (text) => withoutLeftOut(text, [{ disk, volumes }], named),
    kept + gone.join(""),
    kept + comments.join(""),
  );
  assert.equal(withoutLeftOut(gone.join(""), [], named), gone.join(""));
});

test("modprobe: ethN and the first adapter get the VM's drivers, bonds and the rest stay", () => {
  once(
    (text) => renderAliases(text, { net: "virtio_net", block: "virtio_blk" }, { adapter: false }),
    "alias eth0 e1000e\nalias\teth1  tg3 # back\nalias bond0 bonding\nalias eth9 off\nalias scsi_hostadapter mptbase\nalias scsi_hostadapter1 mptsas\noptions tg3 x=1\n",
    "alias eth0 virtio_net\nalias\teth1  virtio_net # back\nalias bond0 bonding\nalias eth9 off\nalias scsi_hostadapter virtio_blk\n# virt-p2v: not in the VM: alias scsi_hostadapter1 mptsas\noptions tg3 x=1\n",
  );
});

test("problem 3: ifcfg, NetworkManager, netplan and networkd ask for the VM's card", () => {
  once(
    (text) => withHwaddr(text, "ifcfg-eth0", { nics: NICS, add: true }),
    'DEVICE="eth0"\nHWADDR=00:1A:64:00:00:01 # old\nONBOOT=yes\n',
    'DEVICE="eth0"\nHWADDR=52:54:00:12:34:56 # old\nONBOOT=yes\n',
  );
  once(
    (text) => withHwaddr(text, "ifcfg-eth0", { nics: NICS, add: true }),
    "ONBOOT=yes",
    "ONBOOT=yes\nHWADDR=52:54:00:12:34:56\n",
  );
  once(
    (text) => fittingProfile(text, NICS),
    "# x\n[connection]\ninterface-name=eth0\n\n[ethernet]\nmac-address=00:1A:64:00:00:01\ncloned-mac-address=preserve\n[match]\npath=pci-0000:03:00.0;\n",
    "# x\n[connection]\ninterface-name=eth0\n\n[ethernet]\nmac-address=52:54:00:12:34:56\ncloned-mac-address=preserve\n[match]\n# virt-p2v: the VM's card sits elsewhere; interface-name finds it\n# path=pci-0000:03:00.0;\n",
  );
  const left: string[] = [];
  once(
    (text) => fittingMatch(text, NICS, left),
    'network:\n  version: 2\n  ethernets:\n    # the first\n    lan:\n      match:\n        macaddress: "00:1a:64:00:00:01"  # old\n      set-name: eth0\n      macaddress: 00:1a:64:00:00:ff\n    other:\n      match: \n        driver: tg3\n  vlans:\n    v1: {id: 1, link: lan}\n',
    'network:\n  version: 2\n  ethernets:\n    # the first\n    lan:\n      match:\n        macaddress: "52:54:00:12:34:56"  # old\n      set-name: eth0\n      macaddress: 00:1a:64:00:00:ff\n    other:\n      match: \n        driver: tg3\n  vlans:\n    v1: {id: 1, link: lan}\n',
  );
  assert.deepEqual([...new Set(left)], ["driver tg3"]);
  once(
    (text) => fittingMatch(text, NICS, []),
    "network:\n ethernets:\n  eth0:\n   match:\n    driver: e1000e\n   dhcp4: true\n",
    'network:\n ethernets:\n  eth0:\n   match:\n    macaddress: "52:54:00:12:34:56"\n   dhcp4: true\n',
  );
  once(
    (text) => fittingNetwork(text, NICS),
    "[Match]\nPath=pci-0000:03:00.0\nDriver=e1000e\n\n[Network]\nDHCP=yes\n",
    "[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n",
  );
  assert.equal(lostMatch(`[Match]\nMACAddress=${MAC.toUpperCase()}\n`, NICS), null);
  assert.equal(lostMatch("[Match]\nName=en*\nDriver=e1000e\n", NICS), null);
});

test("problem 3: names by slot are taken out of udev rules and .link files, names by address stay", () => {
  const byMac = 'SUBSYSTEM=="net", ATTR{address}=="52:54:00:12:34:56", NAME="eth0"\n';
  once(
    withoutSlotNames,
    `# rule\n${byMac}SUBSYSTEM=="net", ACTION=="add", KERNELS=="0000:04:01.0", \\\n  NAME="eth1"\nKERNEL=="sda", NAME="x"\n`,
    `# rule\n${byMac}# virt-p2v: a slot of the old machine; cards are named in 70-p2v-net.rules\n# SUBSYSTEM=="net", ACTION=="add", KERNELS=="0000:04:01.0", \\\n#   NAME="eth1"\nKERNEL=="sda", NAME="x"\n`,
  );
  once(
    withoutSlotLink,
    "[Match]\nPath=pci-0000:02:00.0\n[Link]\nName=lan0\nMTUBytes=9000\n",
    "[Match]\nPath=pci-0000:02:00.0\n[Link]\n# virt-p2v: cards are named in 10-p2v-*.link\n# Name=lan0\nMTUBytes=9000\n",
  );
  for (const same of [
    "[Match]\nMACAddress=52:54:00:12:34:56\nDriver=tg3\n[Link]\nName=a\n",
    "[Match]\nDriver=virtio*\n[Link]\nName=a\n",
  ])
    assert.equal(withoutSlotLink(same), same);
});

test("consoles and X: lines that are gone, the driver of a card that is gone", () => {
  once(
    (text) => withoutLostConsoles(text, "libvirt"),
    "1:2345:respawn:/sbin/mingetty tty1\nco:2345:respawn:/sbin/agetty ttyS1 115200 vt100\nh0:2345:respawn:/sbin/agetty xvc0 9600\nsi::sysinit:/etc/rc.d/rc.sysinit\n",
    "1:2345:respawn:/sbin/mingetty tty1\n# virt-p2v: the VM has no such line\n# co:2345:respawn:/sbin/agetty ttyS1 115200 vt100\n# virt-p2v: the VM has no such line\n# h0:2345:respawn:/sbin/agetty xvc0 9600\nsi::sysinit:/etc/rc.d/rc.sysinit\n",
  );
  once(
    (text) => withDriver(text, "modesetting"),
    'Section "InputDevice"\n  Driver "kbd"\nEndSection\nSection "Device"\n  Identifier "c"\n  Driver "mga" # G200\n  BusID "PCI:7:3:0"\nEndSection\n',
    'Section "InputDevice"\n  Driver "kbd"\nEndSection\nSection "Device"\n  Identifier "c"\n  Driver "modesetting" # G200\n#  BusID "PCI:7:3:0"\nEndSection\n',
  );
});

test("optional steps are told with their switch, and done when it is given", async (t) => {
  const files = {
    "/etc/multipath/wwids": "# Valid WWIDs:\n/360000000000000000e00000000010001/\n",
    "/etc/securetty": "console\ntty1\n",
    "/etc/rc.d/rc3.d/S90hp-health": { link: "../init.d/hp-health" },
  };
  const fake = await fakeGuest(t, { files, guest: testGuestOS({ init: "sysv", kernels: [] }) });
  const plain = await propose(fake);
  assert.deepEqual(
    plain.changes.map(({ path }) => path),
    ["/etc/udev/rules.d/70-p2v-net.rules"],
  );
  const offered = plain.problems.filter(({ code }) => code === "step-offered");
  assert.deepEqual(
    offered.map(({ advice }) => advice),
    ["multipath", "vendor-agents", "securetty"].map((name) => `--with ${name} makes these changes`),
  );
  const intent = { ...testIntent(), withSteps: ["multipath", "vendor-agents", "securetty"] };
  const done = await propose({ ...fake, intent });
  assert.deepEqual(done.changes.map(({ path, after }) => `${path} ${after.kind}`).toSorted(), [
    "/etc/multipath/wwids absent",
    "/etc/rc.d/rc3.d/K10hp-health link",
    "/etc/rc.d/rc3.d/S90hp-health absent",
    "/etc/securetty bytes",
    "/etc/udev/rules.d/70-p2v-net.rules bytes",
  ]);
});

test("services are taken out of the boot as each init does it", async (t) => {
  const files = {
    "/etc/systemd/system/multi-user.target.wants/smartd.service": {
      link: "/usr/lib/systemd/system/smartd.service",
    },
    "/etc/systemd/system/multi-user.target.wants/sshd.service": {
      link: "/usr/lib/systemd/system/sshd.service",
    },
    "/etc/runlevels/default/lm_sensors": { link: "/etc/init.d/lm_sensors" },
    "/etc/init/mcelog.conf": "start on started rc\n",
    "/etc/rc2.d/S20smartmontools": { link: "../init.d/smartmontools" },
  };
  const fake = await fakeGuest(t, {
    files,
    guest: testGuestOS({ kernels: [] }),
    intent: { ...testIntent(), nics: [] },
  });
  const { changes } = await propose(fake);
  assert.deepEqual(changes.map(({ path, after }) => `${path} ${after.kind}`).toSorted(), [
    "/etc/init/mcelog.override bytes",
    "/etc/rc2.d/K80smartmontools link",
    "/etc/rc2.d/S20smartmontools absent",
    "/etc/runlevels/default/lm_sensors absent",
    "/etc/systemd/system/multi-user.target.wants/smartd.service absent",
  ]);
});

test("problem 15: volumes that a TPM, a token or Clevis unlocks are told before the copy, with what to do", async (t) => {
  assert.deepEqual(
    findSealed(
      "# c UUID=1 none tpm2-device=auto\na UUID=1 none luks,tpm2-device=auto,discard\nb UUID=2 - fido2-device=auto\nd UUID=3 none luks\n",
    ),
    [
      { name: "a", by: "this machine's TPM" },
      { name: "b", by: "a FIDO2 token" },
    ],
  );
  const storage = testIntent().storage;
  const node = storage.nodes[0];
  assert.ok(node !== undefined);
  const luks = { ...node, id: "luks", holds: { kind: "luks", uuid: "1-2-3-4" } } as const;
  const fake = await fakeGuest(t, {
    files: { "/usr/bin/clevis-luks-unlock": "", "/etc/crypttab": "a UUID=1-2-3-4 none tpm2-device=auto\n" },
    guest: testGuestOS({ kernels: [] }),
    intent: { ...testIntent(), storage: { ...storage, nodes: [...storage.nodes, luks] } },
  });
  const { problems } = await propose(fake);
  const told = problems.filter(({ code }) => code === "key-sealed" || code === "key-clevis");
  assert.deepEqual(
    told.map(({ severity }) => severity),
    ["warns", "warns"],
  );
  assert.match(told[0]?.advice ?? "", /cryptenroll/);
});

test("problem 4: in whatever order names and cards were, no old pin contradicts the new ones", () => {
  const macs = ["52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:03"];
  const names = ["eth0", "eth1", "lan0"];
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  const make = (order: readonly number[]): IntendedNic[] =>
    order.map((at, index) => ({ name: names[at] ?? "", mac: macs[index] ?? "", origin: "guest" }));
  for (const before of orders)
    for (const after of orders) {
      const wanted = make(after);
      const kept = withoutConflicts(renderRules(make(before)), wanted);
      const pins = new Map<string, string>();
      for (const [, mac = "", name = ""] of `${kept}${renderRules(wanted)}`.matchAll(
        /^SUBSYSTEM.*address\}=="([^"]+)".*NAME="([^"]+)"$/gm,
      )) {
        assert.equal(pins.get(mac) ?? name, name, "two names for one card");
        pins.set(mac, name);
      }
      assert.deepEqual([...pins.values()].toSorted(), names, "one name for two cards, or none");
      for (const old of make(before)) {
        const link = `[Match]\nMACAddress=${old.mac}\n[Link]\nName=${old.name}\n`;
        const name = wanted.find(({ mac }) => mac === old.mac)?.name ?? "";
        assert.match(conflictingLink(link, wanted), new RegExp(`^Name=${name}$`, "m"));
      }
    }
});
