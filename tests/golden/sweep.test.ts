// SPDX-License-Identifier: Apache-2.0
// The sweep over whole trees: it finds every reference that is planted, with its line, and has no word for the rest.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { test, type TestContext } from "node:test";
import type { BlockGraph, Problem } from "../../src/core/index.ts";
import { inspectGuest, readMounts } from "../../src/inspect/index.ts";
import { memoryView } from "../../src/system/index.ts";
import { fakeGuest, propose } from "../support/guests/convert-guest.ts";
import { testGuestOS, testIntent } from "../support/guests/sample-guest.ts";

const GUESTS = join(import.meta.dirname, "guests");
const OLD_SERIAL = "S3Z8NB0K612345";

/** What is planted, by file: lines, and of those that matter the name in them. */
const PLANTED: Readonly<Record<string, readonly (readonly [line: string, name: string | null])[]>> = {
  "/etc/rc.local": [
    ["#!/bin/sh", null],
    ["# mount /dev/sdz1 /old", null],
    ["mount /dev/sdc1 /srv/archive", "/dev/sdc1"],
    ["echo deadline > /sys/block/sdb/queue/scheduler", "/dev/sdb"],
    ['echo "usage: mount /dev/sdd1"', null],
    ["ethtool -K GONE gro off", "GONE"],
    ["hdparm -S 0 /dev/disk/by-id/ata-WDC_WD40EFRX_WCC4E1", "/dev/disk/by-id/ata-WDC_WD40EFRX_WCC4E1"],
  ],
  "/etc/auto.disks": [["old -fstype=ext4 :/dev/sdc2", "/dev/sdc2"]],
  "/etc/drbd.d/r0.res": [
    ["resource r0 {", null],
    ["  disk /dev/cciss/c0d1p1;", "/dev/cciss/c0d1p1"],
  ],
  "/etc/rtslib-fb-target/saveconfig.json": [
    ['{"storage_objects":[{"dev":"/dev/nvme1n1","plugin":"block"}]}', "/dev/nvme1n1"],
  ],
  "/etc/tgt/conf.d/lun.conf": [["    backing-store /dev/sdd", "/dev/sdd"]],
  "/etc/sysconfig/rawdevices": [
    ["/dev/raw/raw1 /dev/sde1", "/dev/sde1"],
    ["/dev/raw/raw2 8 49", "8 49"],
  ],
  "/etc/udev/rules.d/99-oracle-asm.rules": [
    [
      'KERNEL=="sd?1", RESULT=="36000c29aabbccddeeff0011223344556", SYMLINK+="asm/disk1"',
      "36000c29aabbccddeeff0011223344556",
    ],
    ['ENV{ID_SERIAL_SHORT}=="WD-WCC4E7654321", SYMLINK+="backup"', "WD-WCC4E7654321"],
    ['KERNELS=="2:0:1:0", SUBSYSTEMS=="scsi", SYMLINK+="asm/disk2"', "2:0:1:0"],
  ],
  "/etc/udev/rules.d/60-raid.rules": [
    ['SUBSYSTEM=="pci", KERNEL=="0000:03:00.0", ATTR{power/control}="on"', "0000:03:00.0"],
    ['ACTION=="add", ENV{ID_PATH}=="pci-0000:05:00.0-sas-phy0-lun-0", SYMLINK+="slot0"', "0000:05:00.0"],
  ],
  "/etc/multipath.conf": [
    ["multipaths {", null],
    ["  multipath { wwid 360050768018087c6a000000000000012", "360050768018087c6a000000000000012"],
  ],
  "/etc/smartd.conf": [["/dev/sda -d megaraid,0 -a -m root", "/dev/sda"]],
  "/etc/hdparm.conf": [["/dev/sdf { apm = 254 }", "/dev/sdf"]],
  "/etc/cron.d/raid": [["0 3 * * * root smartctl -a /dev/sg2 | mail root", "/dev/sg2"]],
  "/var/spool/cron/crontabs/root": [["5 4 * * 1 /sbin/fstrim -v /dev/nvme0n1p3", "/dev/nvme0n1p3"]],
  "/etc/systemd/system/archive.service": [
    ["[Unit]", null],
    ["BindsTo=dev-sdc1.device", "/dev/sdc1"],
    ["[Service]", null],
    [
      "ExecStart=/bin/mount UUID=deadbeef-1234-4321-8765-0123456789ab /srv",
      "UUID=deadbeef-1234-4321-8765-0123456789ab",
    ],
  ],
  "/etc/bacula/bacula-sd.conf": [["  Archive Device = /dev/nst0", "/dev/nst0"]],
  "/etc/nut/ups.conf": [["  port = /dev/ttyUSB0", "/dev/ttyUSB0"]],
  "/etc/sysctl.d/90-net.conf": [["net.ipv4.conf.GONE.rp_filter = 0", "GONE"]],
  "/etc/iptables/rules.v4": [["-A INPUT -i GONE -j ACCEPT", "GONE"]],
  "/etc/init.d/wol": [["ip link set dev x address 00:25:90:12:34:56", "00:25:90:12:34:56"]],
  "/usr/local/sbin/backup.sh": [
    ["#!/bin/bash", null],
    ['DISKS="sdb sdc"', "/dev/sdb"],
    [`smartctl -i -d ata ${OLD_SERIAL}`, OLD_SERIAL],
  ],
  "/etc/nagios/nrpe.cfg": [
    ["command[check_sda]=/usr/lib/nagios/plugins/check_disk -w 10% -p /dev/sda1", "/dev/sda1"],
  ],
  "/etc/modprobe.d/xen-pciback.conf": [["options xen-pciback hide=(0a:00.1)", "0a:00.1"]],
};

/** Copies, words and lists that nobody acts upon. */
const INERT: Readonly<Record<string, string>> = {
  "/etc/fstab.bak": "/dev/sdq1 /x ext4 defaults 0 0\n",
  "/etc/rc.local.rpmsave": "mount /dev/sdq1 /x\n",
  "/etc/rc.local~": "mount /dev/sdq1 /x\n",
  "/etc/lvm/backup/vg0": 'device = "/dev/sda2" # Hint only\n',
  "/etc/lvm/archive/vg0_00000-1.vg": 'device = "/dev/sda2"\n',
  "/etc/README": "Give /dev/sdb1 here.\n",
  "/etc/lvm/lvm.conf": 'devices {\n\t# filter = [ "r|/dev/sdb|" ]\n\tscan = [ "/dev" ]\n}\n',
  "/etc/udev/rules.d/70-persistent-cd.rules":
    'SUBSYSTEM=="block", ENV{ID_CDROM}=="?*", ENV{ID_PATH}=="pci-0000:00:1f.1-ata-1", SYMLINK+="cdrom"\n',
  "/etc/sysconfig/hwconf": 'class: HD\ndevice: sda\ndesc: "HP DL360"\nhost: 0\n',
  "/etc/securetty": "ttyS0\nttyS1\n/dev/ttyS2\n",
  "/etc/examples/x.conf": "/dev/sdb1\n",
  "/etc/app.xml": "<a><!-- /dev/sdb1\n /dev/sdc --><b/></a>\n",
  "/etc/app.c": "/* /dev/sdb1\n * GONE */\n",
  "/etc/ssl/certs/x.conf": "/dev/sdb1\n",
  "/usr/local/share/doc/x": "/dev/sdb1\n",
  "/etc/default/app": "# DISK=/dev/sda\nHASH=3600c29aabbccddeeff0011223344556\nID=36\n",
};

async function readTree(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files: Record<string, string> = {};
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    files[`/${relative(directory, path)}`] = await readFile(path, "utf8");
  }
  return files;
}

/** A name like those of the machine's cards, which none of them has. */
async function lostCard(name: string): Promise<string> {
  const { guest } = JSON.parse(await readFile(join(GUESTS, name, "guest.json"), "utf8")) as {
    guest: { network: readonly { name: string }[] };
  };
  return (guest.network[0]?.name ?? "").replace(/\d+/, "97");
}

async function swept(
  t: TestContext,
  name: string,
  more: Record<string, string>,
): Promise<readonly Problem[]> {
  const directory = join(GUESTS, name);
  const { root, ...graph } = JSON.parse(
    await readFile(join(directory, "graph.json"), "utf8"),
  ) as BlockGraph & {
    root: string;
  };
  const disk = { path: "disk.img", sizeBytes: 2 ** 30, sectorBytes: 512 };
  const holds = { kind: "disk", serial: OLD_SERIAL, model: "", table: "none" } as const;
  const storage = { ...graph, nodes: [...graph.nodes, { ...disk, id: "disk:9", holds }] };
  const view = memoryView({ ...(await readTree(join(directory, "in"))), ...more });
  const { mounts, problems, names } = await readMounts(view, { graph, root });
  const inspected = await inspectGuest(view, { rootNode: root, mounts, names, usedBytes: 0 });
  const has = { virtio_pci: "module", virtio_blk: "module" } as const;
  const guest = { ...inspected, kernels: testGuestOS().kernels.map((kernel) => ({ ...kernel, has })) };
  const nics = guest.network.map((nic) => ({
    name: nic.name,
    mac: nic.mac ?? "52:54:00:00:00:01",
    origin: "guest" as const,
  }));
  const fake = await fakeGuest(t, { view, guest, intent: { ...testIntent({ storage }), nics } });
  const proposal = await propose({ ...fake, known: problems });
  return proposal.problems.filter(({ code }) => code === "names-old-hardware");
}

for (const name of [
  "debian-12-ifupdown",
  "ubuntu-22.04-netplan",
  "rocky-9-nm",
  "sles-15-wicked",
  "alpine-3.19",
]) {
  test(`${name}: nothing is reported of the tree as it is, nor of copies, comments and documents`, async (t) => {
    assert.deepEqual(await swept(t, name, INERT), []);
  });

  test(`${name}: everything that is planted is found, with file and line, in one problem`, async (t) => {
    const card = await lostCard(name);
    const files = Object.entries(PLANTED).map(([path, lines]) => [
      path,
      lines.map(([line]) => `${line.replace("GONE", card)}\n`).join(""),
    ]);
    const wanted = Object.entries(PLANTED).flatMap(([path, lines]) =>
      lines.flatMap(([, found], index) =>
        found === null ? [] : [`${path}:${index + 1} ${found.replace("GONE", card)}`],
      ),
    );
    assert.ok(wanted.length >= 30, `${wanted.length} are planted`);
    const [problem, ...others] = await swept(t, name, { ...INERT, ...Object.fromEntries(files) });
    assert.ok(problem !== undefined && others.length === 0);
    const found = problem.about.map((one) =>
      one.kind === "line" ? `${one.path}:${one.line} ${one.name}` : one.kind,
    );
    assert.deepEqual(
      wanted.filter((one) => !found.includes(one)),
      [],
      "not found",
    );
    const surplus = found.filter((one) => !wanted.includes(one));
    assert.deepEqual(surplus, ["/usr/local/sbin/backup.sh:2 /dev/sdc"], "the second of one line");
    assert.ok(String(problem.text).length < 1200, "a person reads it");
    assert.match(String(problem.text), /\d+ more with --json/);
  });
}
