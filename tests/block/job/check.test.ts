// SPDX-License-Identifier: Apache-2.0
// virt-p2v check on an image: what is broken before a conversion is well after it, and the image is not written.
import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "node:path";
import type { Chain } from "../../../src/core/index.ts";
import { run } from "../../../src/system/index.ts";
import { initramfsOf, RELEASE } from "../../support/guests/bootable.ts";
import { cli } from "../../support/cli.ts";
import { sha256sum as sha256 } from "../../support/disks/overlays.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { temporary } from "../../support/temporary.ts";

const DRIVERS = [
  "virtio_pci",
  "virtio_blk",
  "virtio_net",
  "virtio_scsi",
  "xen-blkfront",
  "xen-netfront",
  "ext4",
];
const SYSTEM = {
  "/etc/os-release": 'ID=debian\nVERSION_ID=12\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  "/etc/fstab": "/dev/sdb1 / ext4 defaults 0 1\n/dev/sdb2 none swap sw 0 0\n",
  "/sbin/init": { content: "#!/bin/sh\n", mode: 0o755 },
  "/bin/sh": { content: "none", mode: 0o755 },
  [`/boot/vmlinuz-${RELEASE}`]: "kernel",
  [`/boot/initrd.img-${RELEASE}`]: initramfsOf(DRIVERS),
  [`/lib/modules/${RELEASE}/modules.dep`]: DRIVERS.map((name) => `kernel/drivers/${name}.ko:\n`).join(""),
  "/boot/grub/grub.cfg": `menuentry 'Debian' {\n\tset root='hd0,msdos1'\n\tlinux /boot/vmlinuz-${RELEASE} root=/dev/sdb1 ro\n\tinitrd /boot/initrd.img-${RELEASE}\n}\n`,
};

test("what breaks is seen before a conversion, and well after it", async (t) => {
  const directory = await temporary(t);
  const root = { sizeMb: 48, fs: "ext4", files: SYSTEM } as const;
  await using disk = await makeDisk({ table: "mbr", partitions: [root, { sizeMb: 8, fs: "swap" }] });
  const before = await sha256(disk.path);
  const brokenIn = async (image: string): Promise<readonly string[]> => {
    const { code, stdout, stderr } = await cli(["check", image, "--no-boot-check", "--json"]);
    const { chain } = JSON.parse(stdout) as { chain: Chain };
    const broken = chain.links.filter(({ verdict }) => verdict === "broken").map(({ place }) => place);
    assert.equal(code, broken.length > 0 ? 7 : 0, stderr);
    return broken;
  };
  assert.deepEqual(await brokenIn(disk.path), ["root", "mounts"]);
  const overlay = join(directory, "converted.qcow2");
  const words = ["convert", disk.path, "--overlay", overlay, "--keep", join(directory, "kept")];
  const converted = await cli([...words, "--skip", "initramfs", "--skip", "prove", "--name", "x", "--yes"]);
  assert.equal(converted.code, 0, converted.stderr);
  const whole = join(directory, "whole.qcow2");
  await run(["qemu-img", "convert", "-O", "qcow2", overlay, whole]);
  assert.deepEqual(await brokenIn(whole), []);
  assert.equal(await sha256(disk.path), before);
});

test("a VM of another computer, and a directory without a report, are refused in words", async (t) => {
  const remote = await cli(["check", "ssh://host/vms/web"]);
  assert.equal(remote.code, 2);
  assert.match(remote.stderr, /Run virt-p2v check there/);
  const empty = await cli(["check", await temporary(t)]);
  assert.equal(empty.code, 5);
  assert.match(empty.stderr, /report\.json/);
});
