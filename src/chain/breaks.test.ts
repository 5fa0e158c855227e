// SPDX-License-Identifier: Apache-2.0
// The law of the chain: a machine that boots is broken in more than forty ways, one at a time, and the link that breaks is named.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChainPlace } from "../core/index.ts";
import {
  type Bootable,
  DATA,
  debian,
  initramfsOf,
  judge,
  MAC,
  RELEASE,
  ROOT,
} from "../../tests/support/guests/bootable.ts";
import {
  CFG,
  edit,
  extlinux,
  FSTAB,
  legacy,
  systemdBoot,
  uefi,
  verdicts,
} from "../../tests/support/guests/bootable-loaders.ts";

type Break = readonly [
  what: string,
  make: () => Bootable,
  spoil: (system: Bootable) => void,
  place: ChainPlace,
];

const drop =
  (path: string) =>
  (system: Bootable): void => {
    assert.ok(path in system.files, path);
    delete system.files[path];
  };
const boot =
  (code: NonNullable<Bootable["disk"]["boot"]>) =>
  (system: Bootable): void => {
    system.disk = { ...system.disk, boot: code };
  };
const kernel =
  (more: Bootable["kernel"]) =>
  (system: Bootable): void => {
    system.kernel = more;
  };
const KERNEL_FILE = `/boot/vmlinuz-${RELEASE}`;
const INITRAMFS = `/boot/initrd.img-${RELEASE}`;
const DISK_DRIVERS = ["virtio_pci", "virtio_blk"];
const WANTED = [...DISK_DRIVERS, "ext4", "jbd2"];
const without =
  (name: string) =>
  (system: Bootable): void => {
    system.files[INITRAMFS] = initramfsOf(WANTED.filter((one) => one !== name));
  };
const unit = (what: string): string => `[Mount]\nWhat=${what}\nWhere=/data\nType=ext4\n`;

function dracut(): Bootable {
  const system = debian();
  delete system.files["/usr/sbin/update-initramfs"];
  system.files["/usr/bin/dracut"] = { content: "", mode: 0o755 };
  return system;
}

/** One thing at a time, and the link in which it must be seen. */
const BREAKS: readonly Break[] = [
  ["boot code zeroed", debian, boot({ kind: "none" }), "firmware"],
  ["boot code without what it loads", debian, boot({ kind: "grub2", core: false }), "firmware"],
  ["GRUB legacy without its stage 2", legacy, boot({ kind: "grub-legacy", core: false }), "firmware"],
  ["no partition is active", extlinux, boot({ kind: "active", partition: null, starts: null }), "firmware"],
  [
    "the active partition is empty",
    extlinux,
    boot({ kind: "active", partition: 1, starts: { kind: "none" } }),
    "firmware",
  ],
  ["the fallback loader is gone", uefi, drop("/boot/efi/EFI/BOOT/BOOTX64.EFI"), "firmware"],
  ["the fallback loader is no program", uefi, edit("/boot/efi/EFI/BOOT/BOOTX64.EFI", "MZ", "XX"), "firmware"],
  ["shim without its GRUB", uefi, edit("/boot/efi/EFI/BOOT/BOOTX64.EFI", "grub_cmd", "shim"), "firmware"],
  ["the menu is gone", debian, drop(CFG), "loader"],
  ["the menu has no entry", debian, edit(CFG, /menuentry|submenu/, "echo"), "loader"],
  ["the entry loads no kernel", debian, edit(CFG, /^\tlinux.*$/, ""), "loader"],
  [
    "the menu on the EFI partition looks for another disk",
    uefi,
    edit("/boot/efi/EFI/debian/grub.cfg", ROOT, "0000-1111"),
    "loader",
  ],
  ["the label loads no kernel", extlinux, edit("/boot/extlinux/extlinux.conf", /^.*KERNEL.*$/, ""), "loader"],
  ["the entries are gone", systemdBoot, drop("/boot/efi/loader/entries/debian-6.1.conf"), "loader"],
  [
    "the menu names another disk of the firmware",
    legacy,
    edit("/boot/grub/menu.lst", /\(hd0,0\)/, "(hd1,0)"),
    "loader",
  ],
  ["the kernel is gone", debian, drop(KERNEL_FILE), "kernel"],
  ["the kernel is empty", debian, (system) => void (system.files[KERNEL_FILE] = ""), "kernel"],
  ["the initramfs is empty", debian, (system) => void (system.files[INITRAMFS] = ""), "initramfs"],
  ["the menu names an older kernel", debian, edit(CFG, /vmlinuz-\S+/, "vmlinuz-5.10.0-1-amd64"), "kernel"],
  [
    "the kernel of GRUB legacy is gone",
    legacy,
    edit("/boot/grub/menu.lst", /^default 1/, "default 0"),
    "kernel",
  ],
  [
    "the kernel of extlinux is gone",
    extlinux,
    edit("/boot/extlinux/extlinux.conf", "../vmlinuz", "../vmlinux"),
    "kernel",
  ],
  [
    "the kernel on the EFI partition is gone",
    systemdBoot,
    drop("/boot/efi/0123abcd/6.1.0-18-amd64/linux"),
    "kernel",
  ],
  ["the kernel is for Xen only", debian, kernel({ version: "2.6.18-398.el5xen" }), "kernel"],
  ["the initramfs is gone", debian, drop(INITRAMFS), "initramfs"],
  ["the initramfs lacks the disk's driver", debian, without("virtio_blk"), "initramfs"],
  ["the initramfs lacks the bus", debian, without("virtio_pci"), "initramfs"],
  ["the initramfs lacks what a driver needs", debian, without("jbd2"), "initramfs"],
  ["the initramfs lacks the file system", debian, without("ext4"), "initramfs"],
  ["the entry loads none", debian, edit(CFG, /^\tinitrd.*$/, ""), "initramfs"],
  [
    "the kernel has no driver at all",
    debian,
    kernel({ has: { virtio_blk: "absent", virtio_pci: "absent" } }),
    "initramfs",
  ],
  [
    "dracut waits for a volume that is nowhere",
    dracut,
    edit(CFG, "quiet", "rd.lvm.lv=fast/swap quiet"),
    "initramfs",
  ],
  [
    "dracut waits for a LUKS volume that is nowhere",
    dracut,
    edit(CFG, "quiet", "rd.luks.uuid=luks-99999999 quiet"),
    "initramfs",
  ],
  ["root= names a disk of the old machine", debian, edit(CFG, `root=UUID=${ROOT}`, "root=/dev/sda1"), "root"],
  [
    "root= names a UUID that is nowhere",
    debian,
    edit(CFG, `root=UUID=${ROOT}`, "root=UUID=11111111-2222"),
    "root",
  ],
  ["root= names another file system", debian, edit(CFG, `root=UUID=${ROOT}`, `root=UUID=${DATA}`), "root"],
  [
    "root= is a disk that the VM calls otherwise",
    debian,
    edit(CFG, `root=UUID=${ROOT}`, "root=/dev/vda3"),
    "root",
  ],
  [
    "the file system has another UUID now",
    debian,
    (system) => void system.parts.set(1, { kind: "filesystem", type: "ext4", uuid: "new", label: null }),
    "root",
  ],
  [
    "init is gone",
    debian,
    (system) => {
      for (const path of ["/sbin/init", "/bin/sh"]) delete system.files[path];
    },
    "init",
  ],
  [
    "init is a link into nothing",
    debian,
    (system) => {
      system.files["/sbin/init"] = { link: "/usr/lib/none" };
      delete system.files["/bin/sh"];
    },
    "init",
  ],
  [
    "the kernel's words forbid the disk's driver",
    debian,
    edit(CFG, "quiet", "module_blacklist=virtio_blk quiet"),
    "initramfs",
  ],
  ["the kernel is told another type of the root", debian, edit(CFG, "quiet", "rootfstype=xfs quiet"), "root"],
  ["only a shell is left", debian, (system) => void delete system.files["/sbin/init"], "init"],
  ["Xen itself is gone", debian, edit(CFG, "\tlinux\t", "\tmultiboot2 /boot/xen.gz\n\tmodule2 "), "loader"],
  ["fstab says another type than lies there", debian, edit(FSTAB, "/srv ext4", "/srv xfs"), "mounts"],
  [
    "NetworkManager's file is too open",
    debian,
    (system) => {
      delete system.files["/etc/network/interfaces"];
      system.files["/etc/NetworkManager/system-connections/eno1.nmconnection"] = {
        content: "[connection]\ntype=ethernet\ninterface-name=eno1\n[ipv4]\nmethod=auto\n",
        mode: 0o644,
      };
    },
    "network",
  ],
  [
    "the service that raises the network is masked",
    debian,
    (system) => {
      system.files["/etc/systemd/system/networking.service"] = { link: "/dev/null" };
    },
    "network",
  ],
  ["fstab names a disk of the old machine", debian, edit(FSTAB, `UUID=${DATA}`, "/dev/sdb1"), "mounts"],
  ["fstab names a UUID that is nowhere", debian, edit(FSTAB, DATA, "99999999-2222"), "mounts"],
  ["fstab names a label that is nowhere", debian, edit(FSTAB, `UUID=${DATA}`, "LABEL=gone"), "mounts"],
  [
    "fstab names a volume of LVM that is nowhere",
    debian,
    edit(FSTAB, `UUID=${DATA}`, "/dev/vg0/data"),
    "mounts",
  ],
  [
    "a mount unit names a disk of the old machine",
    debian,
    (system) => {
      system.files["/etc/systemd/system/data.mount"] = unit("/dev/sdb1");
      system.files["/etc/systemd/system/local-fs.target.requires/data.mount"] = unit("");
    },
    "mounts",
  ],
  [
    "crypttab opens a volume that is nowhere",
    debian,
    (system) => {
      system.files["/etc/crypttab"] = "data UUID=99999999-3333 none luks\n";
      edit(FSTAB, `UUID=${DATA}`, "/dev/mapper/data")(system);
    },
    "mounts",
  ],
  [
    "the configuration is of another card",
    debian,
    edit("/etc/network/interfaces", "eno1", "eno7"),
    "network",
  ],
  [
    "the kernel has no driver of the card",
    debian,
    (system) => {
      kernel({ has: { virtio_blk: "module", virtio_pci: "module", virtio_net: "absent" } })(system);
      system.vm = { nics: [{ name: "eno1", mac: MAC, model: "virtio" }] };
    },
    "network",
  ],
];

test("there are forty ways and more in which it is tried", () =>
  assert.ok(BREAKS.length >= 40, `${BREAKS.length}`));

for (const [what, make, spoil, place] of BREAKS)
  test(`broken: ${what}`, async () => {
    const system = make();
    spoil(system);
    const chain = await judge(system);
    const places = chain.links.filter(({ verdict }) => verdict === "broken").map((link) => link.place);
    assert.ok(
      places.includes(place),
      `${places.join(", ")} instead of ${place}\n${verdicts(chain, "broken").join("\n")}`,
    );
    for (const { verdict, advice } of chain.links)
      if (verdict === "broken") assert.notEqual(String(advice ?? ""), "");
  });
