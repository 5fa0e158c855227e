// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockEdge, BlockGraph, BlockNode, Holds } from "../../core/index.ts";
import { memoryView } from "../../system/index.ts";
import { findMounts, parseFstab, parseHardwareLink, readMounts, unescapeFstab } from "./fstab.ts";
import {
  looksLikeRoot,
  parseElfMachine,
  parseOsRelease,
  parseReleaseLine,
  readIdentity,
} from "./identity.ts";
import { inspectGuest } from "./index.ts";
import { moduleNames } from "./kernels.ts";
import { parseKernelLines } from "./loader.ts";

const FS = "5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d";
const BOOT = "1f0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d";
const SWAP = "c0d1f2a3-b4c5-4d6e-8f70-8192a3b4c5d6";

function node(id: string, holds: Holds): BlockNode {
  return { id, path: "/disk.img", sizeBytes: 1024, sectorBytes: 512, holds };
}

/** A disk with ext4 on partition 1, swap on 5, and a volume group on 2 whose LV has xfs. */
function makeGraph(disks = 1): BlockGraph {
  const nodes: BlockNode[] = [];
  const edges: BlockEdge[] = [];
  const put = (below: string | null, id: string, holds: Holds): void => {
    nodes.push(node(id, holds));
    if (below !== null) edges.push({ from: id, to: below, map: [{ from: 0, to: 0, length: 1024 }] });
  };
  for (let n = 1; n <= disks; n += 1) {
    put(null, `disk:${n}`, { kind: "disk", serial: n === 1 ? "A93EQ5ME" : null, model: "x", table: "mbr" });
    for (const number of [1, 2, 5]) {
      const uuid = `0000000${n}-0${number}`;
      put(`disk:${n}`, `disk:${n}/part:${number}`, {
        kind: "partition",
        number,
        type: "83",
        uuid,
        bootable: false,
        ...(number === 1 ? { name: "System Root" } : {}),
      });
    }
  }
  put("disk:1/part:1", "disk:1/part:1/fs", { kind: "filesystem", type: "ext4", uuid: FS, label: "my root" });
  put("disk:1/part:5", "disk:1/part:5/swap", { kind: "swap", uuid: SWAP, label: null, hibernated: false });
  put("disk:1/part:2", "disk:1/part:2/pv", { kind: "lvm-pv", uuid: "pv" });
  put("disk:1/part:2/pv", "lv:vg-a/root", { kind: "lvm-lv", uuid: "lv", name: "vg-a/root" });
  put("lv:vg-a/root", "lv:vg-a/root/fs", { kind: "filesystem", type: "xfs", uuid: BOOT, label: null });
  return { nodes, edges };
}

function resolved(fstab: string, graph = makeGraph()): readonly (string | null)[] {
  return findMounts(parseFstab(fstab), graph).mounts.map((mount) => mount.node);
}

test("parseFstab() skips comments and blanks, takes tabs, and undoes octal escapes", () => {
  const text =
    "# c\n\n  /dev/sda1\t/mnt/my\\040disk  ext4\n#/dev/sdb1 /x ext4\nUUID=1 none swap sw,pri=1 0 0\nword\n";
  assert.deepEqual(parseFstab(text), [
    { spec: "/dev/sda1", path: "/mnt/my disk", type: "ext4", options: "defaults" },
    { spec: "UUID=1", path: "none", type: "swap", options: "sw,pri=1" },
  ]);
  assert.equal(unescapeFstab("/\\303\\244\\134\\777"), "/ä\\\\777");
});

test("parseFstab() gives up above 100,000 lines, and readMounts() says so", async () => {
  const huge = "/dev/sda1 / ext4\n".repeat(100_001);
  assert.throws(() => parseFstab(huge), RangeError);
  const { mounts, problems } = await readMounts(memoryView({ "/etc/fstab": huge }), makeGraph());
  assert.deepEqual([mounts, problems.map(({ code }) => code)], [[], ["fstab-too-large"]]);
});

test("readMounts() resolves every kind of name", () => {
  const fs = "disk:1/part:1/fs";
  const lv = "lv:vg-a/root/fs";
  const cases: readonly (readonly [string, string, string | null])[] = [
    [`UUID=${FS.toUpperCase()}`, "ext4", fs],
    [`UUID="${FS}"`, "ext4", fs],
    [`/dev/disk/by-uuid/${FS}`, "ext4", fs],
    ["LABEL=my\\040root", "ext4", fs],
    ["/dev/disk/by-label/my\\x20root", "ext4", fs],
    ["PARTUUID=00000001-01", "ext4", fs],
    ["PARTLABEL=System\\040Root", "ext4", fs],
    ["/dev/disk/by-partlabel/System\\x20Root", "ext4", fs],
    ["PARTLABEL=Other", "ext4", null],
    ["/dev/mapper/vg--a-root", "xfs", lv],
    ["/dev/vg-a/root", "xfs", lv],
    ["/dev/mapper/vg--a-other", "xfs", null],
    ["/dev/disk/by-id/ata-MAXTOR_6L006L0_A93EQ5ME-part1", "ext3", fs],
    ["/dev/disk/by-path/pci-0000:00:1f.2-ata-1-part1", "ext4", fs],
    ["/dev/cciss/c0d0p1", "auto", fs],
    ["UUID=ffffffff-8d7b-4a53-9a1c-0d6e6f1b2c3d", "ext4", null],
  ];
  for (const [spec, type, id] of cases) assert.deepEqual(resolved(`${spec} / ${type}`), [id], spec);
  for (const name of ["sda", "hda", "vda", "xvda"])
    assert.deepEqual(resolved(`/dev/${name}1 / ext4`), [fs], name);
  for (const name of ["nvme0n1p", "mmcblk0p"]) assert.deepEqual(resolved(`/dev/${name}1 / ext4`), [fs], name);
});

test("readMounts() trusts a name by order no further than it can", () => {
  assert.deepEqual(resolved("/dev/sda1 / xfs"), [null], "another type lies there");
  assert.deepEqual(resolved("/dev/sda1 none swap"), [null]);
  assert.deepEqual(resolved("/dev/sda9 / ext4"), [null]);
  assert.deepEqual(resolved("/dev/sdb1 / ext4"), [null]);
  assert.deepEqual(resolved("/dev/sda1 / ext4\n/dev/nvme0n1p1 /data ext4"), ["disk:1/part:1/fs", null]);
  assert.deepEqual(resolved("/dev/sda1 /a ext4\n/dev/nvme0n1p1 /b ext4"), [null, null]);
  const twoDisks = makeGraph(2);
  assert.deepEqual(resolved("/dev/disk/by-path/pci-1-part1 / ext4", twoDisks), [null]);
});

test("readMounts() keeps what a disk or server must serve, and names what is not there", () => {
  const { mounts, problems } = findMounts(
    parseFstab(`proc /proc proc
tmpfs /tmp tmpfs
/dev/sr0 /media/cdrom udf,iso9660 noauto
/home /srv none bind
/swapfile none swap
server:/x /nfs nfs _netdev
/dev/sdb1 /backup ext4
/dev/sdc1 /later ext4 nofail
UUID=${SWAP} none swap sw
`),
    makeGraph(),
  );
  assert.deepEqual(
    mounts.map(({ path, node }) => [path, node]),
    [
      ["/nfs", null],
      ["/backup", null],
      ["/later", null],
      ["none", "disk:1/part:5/swap"],
    ],
  );
  assert.deepEqual(
    problems.map(({ code, text }) => [code, text]),
    [["mount-not-found", "fstab mounts /dev/sdb1 on /backup, and none of the given disks has it"]],
  );
});

test("parseHardwareLink() leaves links that hold UUIDs alone", () => {
  assert.deepEqual(parseHardwareLink("/dev/disk/by-id/scsi-36001-part12"), {
    disk: "scsi-36001",
    partition: 12,
  });
  assert.deepEqual(parseHardwareLink("/dev/disk/by-id/wwn-0x5000"), { disk: "wwn-0x5000", partition: null });
  for (const no of [
    "/dev/disk/by-id/dm-name-x",
    "/dev/disk/by-id/lvm-pv-uuid-x",
    "/dev/disk/by-uuid/1",
    "/dev/sda",
  ])
    assert.equal(parseHardwareLink(no), null, no);
});

test("readIdentity() knows distributions of before os-release", async () => {
  const cases: readonly (readonly [string, string, string, string, string])[] = [
    ["/etc/redhat-release", "CentOS release 6.10 (Final)\n", "centos", "6.10", "redhat"],
    [
      "/etc/redhat-release",
      "Red Hat Enterprise Linux Server release 5.11 (Tikanga)\n",
      "rhel",
      "5.11",
      "redhat",
    ],
    ["/etc/redhat-release", "Fedora release 14 (Laughlin)\n", "fedora", "14", "redhat"],
    [
      "/etc/SuSE-release",
      "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
      "sles",
      "11.4",
      "suse",
    ],
    ["/etc/SuSE-release", "openSUSE 11.4 (i586)\nVERSION = 11.4\n", "opensuse", "11.4", "suse"],
    ["/etc/debian_version", "6.0.10\n", "debian", "6.0.10", "debian"],
    ["/etc/alpine-release", "2.7.9\n", "alpine", "2.7.9", "alpine"],
  ];
  for (const [path, text, ...expected] of cases) {
    const { id, version, family } = await readIdentity(memoryView({ [path]: text }));
    assert.deepEqual([id, version, family], expected, text);
  }
  const ubuntu = await readIdentity(
    memoryView({
      "/etc/debian_version": "squeeze/sid\n",
      "/etc/lsb-release":
        'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_DESCRIPTION="Ubuntu 10.04.4 LTS"\n',
    }),
  );
  assert.deepEqual(
    [ubuntu.id, ubuntu.version, ubuntu.family, ubuntu.title],
    ["ubuntu", "10.04", "debian", "Ubuntu 10.04.4 LTS"],
  );
});

test("readIdentity() finds the family by likeness, and generic for what is left", async () => {
  const of = async (text: string): Promise<string> =>
    (await readIdentity(memoryView({ "/usr/lib/os-release": text }))).family;
  assert.equal(await of('ID=hannah\nID_LIKE="ubuntu debian"\n'), "debian");
  assert.equal(await of('ID="opensuse-slowroll"\nID_LIKE="opensuse suse"\n'), "suse");
  assert.equal(await of("ID=gentoo\n"), "generic");
});

test("readIdentity() tells what starts the system and what makes its initramfs", async () => {
  const init = async (files: Parameters<typeof memoryView>[0]): Promise<string> =>
    (await readIdentity(memoryView(files))).init;
  assert.equal(
    await init({ "/sbin/init": { link: "/lib/systemd/systemd" }, "/lib/systemd/systemd": "x" }),
    "systemd",
  );
  assert.equal(await init({ "/sbin/init": "x", "/sbin/initctl": "x", "/etc/init/rc.conf": "x" }), "upstart");
  assert.equal(
    await init({ "/sbin/init": { link: "/bin/busybox" }, "/bin/busybox": "x", "/sbin/openrc": "x" }),
    "openrc",
  );
  assert.equal(await init({ "/sbin/init": "x", "/etc/inittab": "x" }), "sysv");
  assert.equal(await init({}), "unknown");
  const tool = async (...paths: string[]): Promise<string> =>
    (await readIdentity(memoryView(Object.fromEntries(paths.map((path) => [path, "x"]))))).initramfsTool;
  assert.equal(await tool("/usr/sbin/mkinitramfs", "/usr/bin/dracut"), "initramfs-tools");
  assert.equal(await tool("/sbin/mkinitrd", "/usr/bin/dracut"), "dracut");
  assert.equal(await tool("/sbin/mkinitrd"), "mkinitrd");
  assert.equal(await tool("/usr/bin/booster"), "booster");
  assert.equal(await tool("/usr/sbin/mktirfs"), "tiny-initramfs");
  assert.equal(await tool(), "generic");
});

test("parseOsRelease() takes each kind of quote, and nothing else", () => {
  const text = `ID=debian\nNAME="A \\"B\\" \\$C"\nVERSION='12 (x)'\nBAD="open\nlower=1\n# NO=1\n`;
  assert.deepEqual(
    [...parseOsRelease(text)],
    [
      ["ID", "debian"],
      ["NAME", 'A "B" $C'],
      ["VERSION", "12 (x)"],
    ],
  );
  assert.equal(parseReleaseLine("bookworm/sid", "/etc/debian_version").title, "Debian bookworm/sid");
});

test("parseElfMachine() reads both byte orders", () => {
  const elf = (order: number, machine: readonly [number, number]): Uint8Array =>
    Uint8Array.from([
      0x7f,
      0x45,
      0x4c,
      0x46,
      2,
      order,
      1,
      ...Array.from({ length: 11 }, () => 0),
      ...machine,
    ]);
  assert.equal(parseElfMachine(elf(1, [62, 0])), "x86_64");
  assert.equal(parseElfMachine(elf(1, [183, 0])), "aarch64");
  assert.equal(parseElfMachine(elf(2, [0, 22])), "s390x");
  assert.equal(parseElfMachine(elf(1, [21, 0])), "ppc64le");
  assert.equal(parseElfMachine(Buffer.from("#!/bin/sh\nexit 0; padding")), null);
});

test("looksLikeRoot() wants an identity and something to start", async () => {
  assert.equal(await looksLikeRoot(memoryView({ "/etc/fstab": "", "/sbin/init": "x" })), true);
  assert.equal(
    await looksLikeRoot(memoryView({ "/usr/lib/os-release": "", "/usr/lib/systemd/systemd": "x" })),
    true,
  );
  assert.equal(await looksLikeRoot(memoryView({ "/etc/fstab": "" })), false);
  assert.equal(await looksLikeRoot(memoryView({ "/sbin/init": "x", "/vmlinuz-6.1": "x" })), false);
});

test("parseKernelLines() reads the menus of each loader", () => {
  const text = `# linux /boot/no
menuentry 'x' {
\tlinux\t/boot/vmlinuz-1 root=/dev/sda1
\tlinuxefi ($root)/vmlinuz-2 ro
\tlinux16 "/vmlinuz-3"
  module /vmlinuz-4 placeholder
  linux $kernel_path/vmlinuz-5
\tinitrd /initrd-1
}
title x
kernel (hd0,0)/vmlinuz-6 ro
LINUX ../vmlinuz-7
kernelopts=/no
`;
  assert.deepEqual(parseKernelLines(text), [
    "/boot/vmlinuz-1",
    "/vmlinuz-2",
    "/vmlinuz-3",
    "/vmlinuz-4",
    "/vmlinuz-5",
    "/vmlinuz-6",
    "../vmlinuz-7",
  ]);
});

test("moduleNames() reads modules.dep and modules.builtin, compressed or not", () => {
  const text = `kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko
kernel/drivers/block/xen-blkfront.ko.xz:
kernel/drivers/net/virtio_net.ko.zst: kernel/net/core/failover.ko.zst
kernel/drivers/virtio/virtio_pci.ko
kernel/no
`;
  assert.deepEqual([...moduleNames(text)], ["virtio_blk", "xen_blkfront", "virtio_net", "virtio_pci"]);
});

const FOUND = { rootNode: "disk:1/part:1/fs", mounts: [], usedBytes: 1, graph: makeGraph() };

test("inspectGuest() finds kernels by menu, by link, by flavour; rescue and crash kernels are none", async () => {
  const guest = await inspectGuest(
    memoryView({
      "/boot/grub/grub.cfg": "linux /boot/vmlinuz-6.1 ro\nlinux /vmlinuz ro\nlinux /vmlinuz-0-rescue-aa ro\n",
      "/vmlinuz": { link: "boot/vmlinuz-5.10-2-amd64" },
      "/boot/vmlinuz-6.1": "k",
      "/boot/vmlinuz-5.10-2-amd64": "k",
      "/boot/vmlinuz-4.19": "k",
      "/boot/vmlinuz-0-rescue-aa": "k",
      "/boot/vmlinuz-current": { link: "vmlinuz-6.1" },
      "/boot/initrd.img-6.1": "i",
      "/lib/modules/6.1/modules.dep": "kernel/virtio_blk.ko:\nkernel/xen-netfront.ko.xz:\n",
      "/lib/modules/6.1/modules.builtin": "kernel/virtio_pci.ko\n",
      "/boot/config-4.19": "CONFIG_VIRTIO_BLK=y\nCONFIG_VIRTIO_NET=m\n",
    }),
    FOUND,
  );
  assert.deepEqual(
    guest.kernels.map(({ version, bootable, initramfs }) => [version, bootable, initramfs]),
    [
      ["6.1", true, "/boot/initrd.img-6.1"],
      ["5.10-2-amd64", true, null],
      ["4.19", false, null],
    ],
  );
  assert.deepEqual(guest.kernels[0]?.has, {
    virtio_pci: "builtin",
    virtio_blk: "module",
    virtio_scsi: "absent",
    virtio_net: "absent",
    "xen-blkfront": "absent",
    "xen-netfront": "module",
  });
  assert.equal(guest.kernels[2]?.has["virtio_blk"], "builtin");
});

test("a kernel's configuration tells for which kinds of Xen domain it was built", async () => {
  const xen = async (config: string): Promise<unknown> => {
    const view = memoryView({
      "/boot/vmlinuz-9": "k",
      "/lib/modules/9/modules.dep": "",
      "/boot/config-9": config,
    });
    return (await inspectGuest(view, FOUND)).kernels.find(({ version }) => version === "9")?.xen;
  };
  assert.deepEqual(await xen("CONFIG_XEN=y\nCONFIG_XEN_PV=y\nCONFIG_PVH=y\n"), ["pvh", "pv"]);
  assert.deepEqual(await xen("CONFIG_XEN=y\n# CONFIG_XEN_PV is not set\n"), []);
  assert.deepEqual(await xen("CONFIG_XEN=y\n"), ["pv"], "before Linux 4.12");
  assert.deepEqual(await xen("# CONFIG_XEN is not set\n"), []);
  assert.equal(await xen("CONFIG_VIRTIO_BLK=y\n"), undefined);
});

test("inspectGuest() finds kernels on an ESP, beside their modules, and takes each for bootable without a menu", async () => {
  const esp = await inspectGuest(
    memoryView({
      "/boot/efi/loader/entries/a.conf": "title x\nlinux /0123/6.8/linux\ninitrd /0123/6.8/initrd\n",
      "/boot/efi/0123/6.8/linux": "k",
      "/boot/efi/0123/6.8/initrd": "i",
    }),
    FOUND,
  );
  assert.equal(esp.loader, "systemd-boot");
  assert.deepEqual(
    esp.kernels.map(({ version, image, initramfs, bootable }) => [version, image, initramfs, bootable]),
    [["6.8", "/boot/efi/0123/6.8/linux", "/boot/efi/0123/6.8/initrd", true]],
  );
  const arch = await inspectGuest(
    memoryView({
      "/etc/os-release": "ID=arch\n",
      "/boot/vmlinuz-linux": "k",
      "/boot/initramfs-linux.img": "i",
      "/lib/modules/6.9.1-arch1-1/pkgbase": "linux\n",
      "/lib/modules/6.9.1-arch1-1/vmlinuz": "k",
    }),
    FOUND,
  );
  assert.deepEqual(
    arch.kernels.map(({ version, image, initramfs, bootable }) => [version, image, initramfs, bootable]),
    [["6.9.1-arch1-1", "/boot/vmlinuz-linux", "/boot/initramfs-linux.img", true]],
  );
});

test("inspectGuest() takes a 64-bit kernel under 32-bit programs for a 64-bit machine", async () => {
  const sh = new Uint8Array(64);
  sh.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  sh[18] = 3;
  const of = async (kernel: string): Promise<string> =>
    (await inspectGuest(memoryView({ "/bin/sh": sh, [`/boot/vmlinuz-${kernel}`]: "k" }), FOUND)).arch;
  assert.equal(await of("3.2.0-4-686-pae"), "i686");
  assert.equal(await of("3.2.0-4-amd64"), "x86_64");
});
