// SPDX-License-Identifier: Apache-2.0
// A small guest that anybody may have prepared: a Linux of busybox with every file that conversion looks at, as a tree in
// which a test puts something hostile in their places; and the machine around it, which must not be seen or changed.
import { chmod, cp, lstat, mkdir, mkdtemp, readFile, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { attachLoop, mount, run } from "../../../src/system/index.ts";
import { cli, type Ended } from "../cli.ts";
import { cpioOf } from "../cpio.ts";
import { makeDisk } from "../disks/disks.ts";
import { writeTree } from "../disks/filesystems.ts";

export const RELEASE = "6.1.0-18-amd64";
const NIC = "00:1a:64:00:00:01";
const DRIVERS = [
  "virtio",
  "virtio_pci",
  "virtio_blk",
  "virtio_scsi",
  "virtio_net",
  "xen-blkfront",
  "xen-netfront",
  "ext4",
];

/** Files that conversion reads and would change or remove, with what it would change them for. */
export const TARGETS: Readonly<Record<string, string>> = {
  "/etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\n",
  "/etc/crypttab": "home /dev/sda3 none luks\n",
  "/etc/default/grub": 'GRUB_CMDLINE_LINUX="resume=/dev/sda2"\nGRUB_DISABLE_LINUX_UUID=true\n',
  "/boot/grub/grub.cfg": `menuentry x {\n\tlinux /boot/vmlinuz-${RELEASE} root=/dev/sda1\n\tinitrd /boot/initrd.img-${RELEASE}\n}\n`,
  "/boot/grub/device.map": "(hd0)\t/dev/disk/by-id/ata-WDC_WD40-1\n",
  "/boot/grub/menu.lst": `title x\nroot (hd0,0)\nkernel /boot/vmlinuz-${RELEASE} root=/dev/sda1\n`,
  "/boot/extlinux/extlinux.conf": `LABEL x\n KERNEL /boot/vmlinuz-${RELEASE}\n APPEND root=/dev/sda1\n`,
  "/boot/loader/entries/x.conf": `title x\nlinux /boot/vmlinuz-${RELEASE}\noptions root=/dev/sda1\n`,
  "/etc/kernel/cmdline": "root=/dev/sda1\n",
  "/etc/initramfs-tools/conf.d/resume": "RESUME=/dev/sda2\n",
  "/etc/initramfs-tools/modules": "ahci\n",
  "/etc/mdadm/mdadm.conf": "DEVICE /dev/sda1 /dev/sdb1\nARRAY /dev/md0 devices=/dev/sda1\n",
  "/etc/lvm/lvm.conf": 'devices {\n filter = [ "a|^/dev/sda|", "r|.*|" ]\n}\n',
  "/etc/lvm/devices/system.devices": "IDTYPE=sys_serial IDNAME=1 DEVNAME=/dev/sda1 PVID=x\n",
  "/etc/multipath/bindings": "mpatha 3600508b400105e210000900000490000\n",
  "/etc/multipath/wwids": "/3600508b400105e210000900000490000/\n",
  "/etc/blkid.tab": '<device DEVNO="0x0801" UUID="x">/dev/sda1</device>\n',
  "/etc/udev/rules.d/70-persistent-net.rules": `SUBSYSTEM=="net", KERNELS=="0000:04:01.0", ATTR{address}=="${NIC}", NAME="eth0"\n`,
  "/etc/systemd/network/10-card.link": `[Match]\nPath=pci-0000:00:03.0\n[Link]\nName=lan0\n`,
  "/etc/systemd/network/20-card.network": `[Match]\nMACAddress=${NIC}\nDriver=tg3\n[Network]\nDHCP=yes\n`,
  "/etc/NetworkManager/system-connections/lan.nmconnection": `[connection]\nid=lan\ntype=ethernet\ninterface-name=eth0\n[ethernet]\nmac-address=${NIC}\n[ipv4]\nmethod=auto\n`,
  "/etc/netplan/01-lan.yaml": `network:\n  ethernets:\n    lan:\n      match: {macaddress: "${NIC}", driver: tg3}\n      set-name: eth0\n      dhcp4: true\n`,
  "/etc/sysconfig/network-scripts/ifcfg-eth0": `DEVICE=eth0\nHWADDR=${NIC}\nBOOTPROTO=dhcp\n`,
  "/etc/sysconfig/hwconf": "-\nclass: NETWORK\n",
  "/etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n",
  "/etc/modprobe.conf": "alias eth0 tg3\nalias scsi_hostadapter mptsas\n",
  "/etc/modprobe.d/aliases.conf": "alias eth0 tg3\n",
  "/etc/inittab": "s1:23:respawn:/sbin/agetty ttyS1\n",
  "/etc/securetty": "tty1\n",
  "/etc/X11/xorg.conf": 'Section "Device"\n Identifier "a"\n Driver "mga"\n BusID "PCI:1:0:0"\nEndSection\n',
  "/etc/selinux/config": "SELINUX=enforcing\n",
  "/etc/dracut.conf": "hostonly=yes\n",
  "/etc/cloud/cloud.cfg": "users: []\n",
};

/** What makes it a system, and is looked at only. */
const SYSTEM: Readonly<Record<string, string | Uint8Array>> = {
  "/etc/os-release": 'ID=debian\nVERSION_ID=12\nPRETTY_NAME="Hostile Linux"\n',
  "/usr/lib/os-release": 'ID=debian\nVERSION_ID=12\nPRETTY_NAME="Hostile Linux"\n',
  "/etc/hostname": "hostile\n",
  "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
  [`/boot/vmlinuz-${RELEASE}`]: "kernel",
  [`/boot/config-${RELEASE}`]: "CONFIG_X86=y\n",
  [`/boot/initrd.img-${RELEASE}`]: gzipSync(cpioOf({ init: "#!/bin/sh\n" })),
  [`/lib/modules/${RELEASE}/modules.dep`]: DRIVERS.map((name) => `kernel/${name}.ko:\n`).join(""),
  [`/lib/modules/${RELEASE}/modules.builtin`]: "kernel/fs/nls.ko\n",
  "/usr/share/initramfs-tools/hooks/udev": "#!/bin/sh\n",
  "/usr/share/prebuilt": gzipSync(
    cpioOf({
      init: "#!/bin/sh\n",
      ...Object.fromEntries(DRIVERS.map((name) => [`usr/lib/modules/${RELEASE}/kernel/${name}.ko`, "ELF"])),
    }),
  ),
};

/** `mkinitramfs -d CONF -o FILE RELEASE`: first does what `hook` says, then leaves an image that has all drivers. */
const mkinitramfs = (hook: string): string => `#!/bin/sh
for a; do [ "$last" != -o ] || out=$a; last=$a; done
${hook}
exec cp /usr/share/prebuilt "$out"
`;

const BUSYBOX = "/bin/busybox";
const APPLETS =
  "sh true cp sed mkdir mv rm cat ls dd mknod mount umount chroot ln ps kill nc sleep echo find cpio id sync env head grep seq tr losetup wget nsenter sysctl date".split(
    " ",
  );

export type Planting = {
  /** Shell that the guest's initramfs tool does first. */
  readonly hook?: string;
  /** Changes the tree, a directory, before it becomes the guest's root. */
  readonly plant?: (root: string, outside: Outside) => Promise<void>;
  readonly sizeMb?: number;
};

/** The machine around the guest: a tree like the guest's own, full of a secret, that nobody may read or change. */
export type Outside = {
  readonly path: string;
  readonly secret: string;
  /** As a link in the guest's directory `from` would name it to leave the root. */
  relative(to: string): string;
  assertUntouched(): Promise<void>;
};

export type Hostile = AsyncDisposable & {
  readonly image: string;
  readonly directory: string;
  readonly outside: Outside;
  readonly partition: { readonly start: number; readonly end: number };
};

async function hostileGuest({ hook = "", plant, sizeMb = 64 }: Planting): Promise<Hostile> {
  await using scope = new AsyncDisposableStack();
  const top = await mkdtemp(join(tmpdir(), "p2v-hostile-"));
  scope.defer(() => rm(top, { recursive: true, force: true }));
  const outside = await makeOutside(join(top, "outside"));
  const tree = join(top, "tree");
  await mkdir(tree, { mode: 0o755 });
  await writeTree(tree, { ...SYSTEM, ...TARGETS });
  for (const name of ["proc", "sys", "dev", "tmp", "root", "mnt", "var/tmp", "var/lib/dhcp", "sbin", "bin"])
    await mkdir(join(tree, name), { recursive: true });
  await copyBusybox(tree);
  await writeTree(tree, Object.fromEntries(APPLETS.map((name) => [`/bin/${name}`, { link: "busybox" }])));
  await writeTree(tree, {
    "/sbin/init": { link: "../bin/busybox" },
    "/usr/bin/env": { link: "../../bin/busybox" },
    "/usr/sbin/mkinitramfs": { content: mkinitramfs(hook), mode: 0o755 },
    "/usr/sbin/update-initramfs": { content: "#!/bin/sh\nexit 1\n", mode: 0o755 },
  });
  await plant?.(tree, outside);
  const disk = scope.use(
    await makeDisk({
      table: "mbr",
      partitions: [
        { sizeMb, fs: "ext4", tree, bootable: true },
        { sizeMb: 1, fs: "swap" },
      ],
    }),
  );
  const [partition] = disk.partitions;
  if (partition === undefined) throw new TypeError("No partition");
  await rm(tree, { recursive: true, force: true });
  const owned = scope.move();
  return {
    image: disk.path,
    directory: top,
    outside,
    partition,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Debian's busybox needs its libraries, busybox-static has none. */
async function copyBusybox(tree: string): Promise<void> {
  const linked = await run(["ldd", BUSYBOX], { allowCodes: [1] });
  const libraries = [...linked.stdout.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
  for (const path of libraries) await cp(path, join(tree, path), { dereference: true });
  await cp(BUSYBOX, join(tree, "bin/busybox"), { dereference: true });
}

/** Old times: whoever reads a file gives it a new one (relatime), and whoever writes it another one. */
const READ_AT = new Date("2001-01-01T00:00:00Z");
const WRITTEN_AT = new Date("2002-02-02T00:00:00Z");

async function makeOutside(path: string): Promise<Outside> {
  const secret = `secret-${path.split("-").at(-1)?.replaceAll("/", "-")}`;
  const files = Object.entries({ ...SYSTEM, ...TARGETS, "/usr/sbin/mkinitramfs": "#!/bin/sh\n" }).map(
    ([name, content]) => [name, typeof content === "string" ? `${content}# ${secret}\n` : content] as const,
  );
  await writeTree(path, Object.fromEntries(files));
  const names = files.map(([name]) => join(path, name));
  for (const name of names) {
    await chmod(name, 0o640);
    await utimes(name, READ_AT, WRITTEN_AT);
  }
  const look = async (): Promise<string> =>
    (await run(["find", path, "-printf", "%p %y %m %U:%G %s %T@ %C@ %l\\n"])).stdout;
  const before = await look();
  return {
    path,
    secret,
    relative: (to) => `${"../".repeat(40)}${relative("/", to)}`,
    async assertUntouched() {
      if ((await look()) !== before) throw new Error("Something outside the guest was changed");
      for (const name of names)
        if ((await lstat(name)).atimeMs !== READ_AT.getTime())
          throw new Error(`${name} outside the guest was read`);
    },
  };
}

export type ConvertedGuest = Ended & {
  /** What the command said in JSON, where it said any. */
  readonly said: {
    changes: { path: string }[];
    problems: { code: string; severity: string; text: string }[];
  } | null;
};

/** The real command, on an overlay file. */
export async function convertGuest(guest: Hostile, ...more: readonly string[]): Promise<ConvertedGuest> {
  const overlay = join(guest.directory, "new.qcow2");
  const ended = await cli(["convert", guest.image, "--overlay", overlay, "--name", "vm", "--json", ...more]);
  const isPlan = ended.stdout.startsWith("{") && !ended.stdout.startsWith('{"type":"error"');
  return { ...ended, said: isPlan ? (JSON.parse(ended.stdout) as ConvertedGuest["said"]) : null };
}

/** Is the text in anything that the command made, said or kept? */
export async function leaks(guest: Hostile, ended: Ended, text: string): Promise<readonly string[]> {
  const found: string[] = [];
  if (ended.stdout.includes(text)) found.push("stdout");
  if (ended.stderr.includes(text)) found.push("stderr");
  const raw = join(guest.directory, "new.raw");
  const overlay = join(guest.directory, "new.qcow2");
  if ((await lstat(overlay).catch(() => null)) !== null) {
    await run(["qemu-img", "convert", "-O", "raw", overlay, raw]);
    if ((await run(["grep", "-c", "-a", "-F", text, raw], { allowCodes: [1] })).stdout.trim() !== "0")
      found.push("overlay");
  }
  const kept = `${guest.image}.conversion`;
  const listed = await run(["grep", "-r", "-l", "-F", text, kept], { allowCodes: [1, 2] });
  if (listed.stdout !== "") found.push(listed.stdout);
  return found;
}

/** Reads files of the converted guest. */
export async function readConverted(guest: Hostile, path: string): Promise<string> {
  const raw = join(guest.directory, "look.raw");
  await run(["qemu-img", "convert", "-O", "raw", join(guest.directory, "new.qcow2"), raw]);
  const { start, end } = guest.partition;
  await using loop = await attachLoop(raw, { offset: start, sizeBytes: end - start, readOnly: true });
  await using tree = await mount(loop.path, join(guest.directory, "look"), {
    type: "ext4",
    options: ["ro", "noload"],
  });
  return await readFile(join(tree.path, path), "utf8");
}

export async function useHostile(t: TestContext, planting: Planting): Promise<Hostile> {
  const guest = await hostileGuest(planting);
  t.after(() => guest[Symbol.asyncDispose]());
  return guest;
}

/** Puts something else where a file or directory was. */
export async function replaceBy(path: string, make: (path: string) => Promise<unknown>): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await make(path);
}
