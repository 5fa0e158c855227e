// SPDX-License-Identifier: Apache-2.0
// The steps as they work together, on a guest in memory whose own tools are scripted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { layeredView } from "../../system/index.ts";
import { fakeGuest, propose, textAfter } from "../../../tests/support/guests/convert-guest.ts";
import { DEMO_FILES, MODULES, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { cpioOf } from "../../../tests/support/cpio.ts";

test("problem 8: propose() names disks by UUID, pins the card, adds a serial console and drivers, and proposes nothing twice", async (t) => {
  const guest = await fakeGuest(t);
  const { changes, problems } = await propose(guest);
  const text = (path: string): Promise<string> => textAfter(changes, path, guest.blobs);
  assert.deepEqual(problems, []);
  assert.equal(
    await text("/etc/fstab"),
    "# / was on /dev/sda1\nUUID=3f1c2a4e-0000-4000-8000-000000000001 /  ext4 errors=remount-ro 0 1\n" +
      "UUID=3f1c2a4e-0000-4000-8000-000000000002\tnone swap sw 0 0\n/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n",
  );
  assert.match(
    await text("/boot/grub/grub.cfg"),
    /linux \/boot\/vmlinuz-6\.1\.0-18-amd64 root=UUID=3f1c2a4e-0000-4000-8000-000000000001 ro quiet console=ttyS0,115200 console=tty0\n/,
  );
  assert.equal(
    await text("/etc/initramfs-tools/conf.d/resume"),
    "RESUME=UUID=3f1c2a4e-0000-4000-8000-000000000002\n",
  );
  assert.match(
    await text("/etc/systemd/network/10-p2v-enp3s0.link"),
    /MACAddress=52:54:00:12:34:56\n[^]*\nName=enp3s0\n/,
  );
  assert.match(
    await text("/etc/udev/rules.d/70-p2v-net.rules"),
    /ATTR\{address\}=="52:54:00:12:34:56".* NAME="enp3s0"/,
  );
  assert.deepEqual(guest.built, ["6.1.0-18-amd64"]);

  const again = { ...guest, view: layeredView(guest.view, guest.blobs, changes) };
  assert.deepEqual(await propose(again), { changes: [], problems: [], guest: guest.guest });
  assert.deepEqual(guest.built, ["6.1.0-18-amd64"]);
});

test("problem 1: propose() stops when the rebuilt initramfs still lacks a driver, and names it", async (t) => {
  const guest = await fakeGuest(t, { omit: ["virtio_blk"] });
  const { problems } = await propose(guest);
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.severity, "stops");
  assert.match(String(problems[0]?.text), /6\.1\.0-18-amd64 .* lacks virtio_blk$/);
});

test("problem 24: propose() says how many bytes /boot is short of", async (t) => {
  const guest = await fakeGuest(t, { freeBytes: 2048 });
  const { problems } = await propose(guest);
  const full = problems.find((problem) => problem.code === "boot-full");
  assert.match(String(full?.text), /\/boot .*\(2048 bytes\) free, and the changes need .*\(\d+ bytes\)/);
});

test("propose() passes on what the guest's own tool said, and stops where the old initramfs lacks the drivers", async (t) => {
  const guest = await fakeGuest(t, { broken: "mkinitramfs: cannot find /etc/foo" });
  const { changes, problems } = await propose(guest);
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [
      ["initramfs-not-built", "warns"],
      ["initramfs-not-proven", "stops"],
    ],
  );
  assert.match(
    String(problems[0]?.text),
    /of 6\.1\.0-18-amd64 \(mkinitramfs: cannot find \/etc\/foo\); .* not be appended either: it is of a kind/,
  );
  assert.equal(
    changes.some((change) => change.path.startsWith("/boot/initrd")),
    false,
  );
});

test("problem 2: propose() appends the drivers where the guest's own tool fails, and proposes nothing twice", async (t) => {
  const KERNEL = "6.1.0-18-amd64";
  const image = cpioOf({
    init: "#!/bin/sh\n",
    "scripts/functions": "load_modules() {",
    "conf/initramfs.conf": "MODULES=dep\n",
    [`lib/modules/${KERNEL}/kernel/fs/ext4/ext4.ko`]: "\u007fELF ext4",
  });
  const drivers = ["virtio", ...MODULES].map(
    (name) => [`/lib/modules/${KERNEL}/kernel/drivers/${name}.ko`, `\u007fELF ${name}`] as const,
  );
  const guest = await fakeGuest(t, {
    broken: "mkinitramfs: cannot find /etc/foo",
    files: {
      ...DEMO_FILES,
      ...Object.fromEntries(drivers),
      "/usr/share/initramfs-tools/hooks/udev": "", // one that copies no pins
      [`/boot/initrd.img-${KERNEL}`]: { content: gzipSync(image), mode: 0o600 },
    },
  });
  const { changes, problems } = await propose(guest);
  assert.deepEqual(
    problems.map(({ code, severity }) => [code, severity]),
    [["initramfs-not-built", "warns"]],
  );
  assert.match(String(problems[0]?.text), /the drivers of a VM were appended to it$/);
  const change = changes.find((one) => one.path === `/boot/initrd.img-${KERNEL}`);
  assert.match(change?.why ?? "", /virtio, .*virtio_blk.* appended for initramfs-tools/);

  const again = await propose({ ...guest, view: layeredView(guest.view, guest.blobs, changes) });
  assert.deepEqual(again.changes, []);
});

test("propose() warns of a kernel without virtio_blk where another can boot, and stops where none can", async (t) => {
  const old = "3.2.0-4-486";
  const base = await fakeGuest(t, {
    files: { ...DEMO_FILES, [`/lib/modules/${old}/modules.dep`]: "kernel/drivers/virtio_pci.ko:\n" },
  });
  const kernel = { version: old, image: `/boot/vmlinuz-${old}`, initramfs: null, bootable: true, has: {} };
  for (const [kernels, severity] of [
    [[kernel, ...base.guest.kernels], "warns"],
    [[kernel], "stops"],
  ] as const) {
    const { problems } = await propose({ ...base, guest: { ...base.guest, kernels } });
    const found = problems.filter((problem) => problem.code === "kernel-without-drivers");
    assert.deepEqual(
      found.map((problem) => problem.severity),
      [severity],
    );
    assert.match(String(found[0]?.text), /3\.2\.0-4-486 has no driver virtio_blk:/);
  }
});

test("propose() takes the IDE or SATA drivers of a kernel without virtio, and says what it costs", async (t) => {
  const old = "2.6.18-8.el5";
  const dep = "kernel/ata_piix.ko: kernel/libata.ko\nkernel/libata.ko:\nkernel/e1000.ko:\nkernel/ext4.ko:\n";
  const base = await fakeGuest(t, {
    files: {
      ...DEMO_FILES,
      [`/lib/modules/${old}/modules.dep`]: dep,
      [`/boot/config-${old}`]: "CONFIG_BLK_DEV_SD=y\n",
      [`/boot/initrd-${old}.img`]: cpioOf({ init: "#!/bin/nash\n" }),
    },
  });
  const image = `/boot/vmlinuz-${old}`;
  const kernel = { version: old, image, initramfs: `/boot/initrd-${old}.img`, bootable: true, has: {} };
  const { problems } = await propose({ ...base, guest: { ...base.guest, kernels: [kernel] } });
  const [said] = problems.filter(({ code }) => code === "devices-emulated");
  assert.equal(
    said?.text,
    `The kernel ${old} has no virtio: the VM gets IDE disks and e1000 network cards, which are slower`,
  );
  // The scripted mkinitramfs takes no dependencies: the proof asks for them.
  const [lacks] = problems.filter(({ code }) => code === "initramfs-not-proven");
  assert.match(String(lacks?.text), /lacks libata$/);
});

test("propose() for a Xen host asks for its front ends, and not for virtio", async (t) => {
  const version = "2.6.26-2-xen-amd64";
  const base = await fakeGuest(t, {
    files: { ...DEMO_FILES, [`/lib/modules/${version}/modules.dep`]: "kernel/xen-blkfront.ko:\n" },
    intent: { ...testIntent(), hypervisor: "xen" },
  });
  const has = { "xen-netfront": "builtin" } as const;
  const kernel = { version, image: `/boot/vmlinuz-${version}`, initramfs: null, bootable: true, has };
  const codesOf = async (guest: typeof base): Promise<readonly string[]> =>
    (await propose({ ...guest, guest: { ...guest.guest, kernels: [kernel] } })).problems.map(
      ({ code }) => code,
    );
  assert.deepEqual(await codesOf(base), ["initramfs-not-proven"]); // it is a module, and there is none
  assert.deepEqual(await codesOf({ ...base, intent: testIntent() }), [
    "drivers-missing",
    "kernel-without-drivers",
  ]);
});

test("propose() changes nothing of a system that writes its own files, wherever they lie", async (t) => {
  const files = { ...DEMO_FILES, "/boot/loader/entries/nixos.conf": "linux /k\noptions root=/dev/sda1\n" };
  const base = await fakeGuest(t, { files });
  for (const id of ["nixos", "guix"]) {
    const { changes, problems } = await propose({ ...base, guest: { ...base.guest, id } });
    assert.deepEqual(changes, []);
    assert.ok(problems.some(({ code }) => code === "declared-system"));
  }
});
