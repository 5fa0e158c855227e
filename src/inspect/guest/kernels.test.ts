// SPDX-License-Identifier: Apache-2.0
// Which kernels a system has, and which of them it may boot.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_NAMES } from "../../core/index.ts";
import { memoryView } from "../../system/index.ts";
import { inspectGuest } from "./index.ts";
import { knowsVirtio1, moduleNames } from "./kernels.ts";
import { parseKernelLines } from "./loader.ts";

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

const FOUND = { rootNode: "disk:1/part:1/fs", mounts: [], names: NO_NAMES, usedBytes: 1 };

test("a menu that is not read to its end may offer any kernel", async () => {
  const many = Array.from({ length: 1100 }, (_, at) => `linux /boot/vmlinuz-gone-${at}\n`).join("");
  const large = `${"#".repeat(1023)}\n`.repeat(4097);
  for (const menu of [many, large]) {
    const files = { "/boot/grub/grub.cfg": `${menu}linux /boot/vmlinuz-6.1\n`, "/boot/vmlinuz-6.1": "k" };
    const guest = await inspectGuest(memoryView(files), FOUND);
    assert.equal(guest.loader, "grub2");
    assert.deepEqual(
      guest.kernels.map(({ bootable }) => bootable),
      [true],
    );
  }
});

test("a menu that makes up the names of its kernels may offer any", async () => {
  const loop = 'for k in 6.1; do\n menuentry "$k" {\n linux /boot/vmlinuz-$k\n }\ndone\n';
  const call = "function boot_it {\n linux $1 ro\n}\nmenuentry x {\n boot_it /vmlinuz\n}\n";
  for (const menu of [loop, call]) {
    const files = { "/boot/grub/grub.cfg": menu, "/boot/vmlinuz-6.1": "k" };
    const { kernels } = await inspectGuest(memoryView(files), FOUND);
    assert.equal(kernels[0]?.bootable, true);
  }
});

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

/** As much of a kernel as its header. */
function bzImage(release: string): Buffer {
  const bytes = Buffer.alloc(0x1000);
  bytes.write("HdrS", 0x202, "latin1");
  bytes.writeUInt16LE(0x600, 0x20e);
  bytes.write(`${release} (root@host) #1 SMP\0`, 0x800, "latin1");
  return bytes;
}

test("a kernel's release is what it says of itself, else the modules' directory that its name ends with", async () => {
  const release = "6.1.0-18-amd64";
  const found = async (name: string, content: string | Buffer, directory = release): Promise<unknown> => {
    const view = memoryView({
      [`/boot/${name}`]: content,
      [`/lib/modules/${directory}/modules.dep`]: "kernel/virtio_blk.ko:\n",
    });
    const [kernel] = (await inspectGuest(view, FOUND)).kernels;
    return [kernel?.version, kernel?.has["virtio_blk"]];
  };
  for (const name of ["vmlinuz-custom-6.1.0-18-amd64", "bzImage-6.1.0-18", "vmlinuz-5.0", "kernel-x"])
    assert.deepEqual(await found(name, bzImage(release)), [release, "module"], name);
  for (const [name, directory] of [
    ["vmlinuz-generic-5.15.19", "5.15.19"],
    ["vmlinuz-huge-5.15.19", "5.15.19"],
    ["kernel-genkernel-x86_64-5.4.80-gentoo", "5.4.80-gentoo"],
  ] as const)
    assert.deepEqual(await found(name, "not of x86", directory), [directory, "module"], name);
  assert.deepEqual(await found("vmlinuz-15.15.19", "k", "5.15.19"), ["15.15.19", undefined]);
  assert.deepEqual(await found("vmlinuz-4.9", bzImage("4.9.1"), "6.1"), ["4.9.1", undefined], "not known");
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

test("virtio 1.0 came with 4.0, RHEL 7.2 and whoever has its switch; all before have the old kind only", () => {
  const knows = (version: string, ...config: readonly string[]): boolean =>
    knowsVirtio1(version, new Set(config));
  for (const version of [
    "2.6.32-754.35.1.el6.x86_64",
    "3.0.101-63-default",
    "3.2.0-4-amd64",
    "3.10.0-229.el7.x86_64",
  ])
    assert.ok(!knows(version), version);
  for (const version of [
    "3.10.0-327.el7.x86_64",
    "3.10.0-1160.119.1.el7.x86_64",
    "4.4.21-69-default",
    "6.1.0-18-amd64",
    "linux",
  ])
    assert.ok(knows(version), version);
  assert.ok(knows("3.12.74-60.64.40-default", "CONFIG_VIRTIO_PCI_LEGACY=y"));
});
