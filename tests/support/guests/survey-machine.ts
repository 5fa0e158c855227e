// SPDX-License-Identifier: Apache-2.0
// A running server as the collector sees it: the tree of an installed system with /proc, /sys and /dev made for it, and
// stand-ins for the few programs that would ask this machine instead.
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "../../../src/system/index.ts";

export const COLLECTOR = join(import.meta.dirname, "../../../src/inspect/survey/collector.sh");
const GUESTS = join(import.meta.dirname, "../../golden/guests");

export type RunningServer = AsyncDisposable & {
  readonly root: string;
  /** Runs the collector there; gives the archive's path. */
  collect(shell?: readonly string[]): Promise<string>;
};

type Files = Readonly<Record<string, string>>;

const GIB = 2 ** 30;
const units = (bytes: number): string => `${bytes / 512}\n`;

/** A BIOS server of 2012: root on /dev/sda1, swap, a network card, and a stick that somebody forgot. */
export const OLD_SERVER: Files = {
  "proc/sys/kernel/hostname": "web\n",
  "proc/cpuinfo": "processor\t: 0\nmodel name\t: Invented CPU\nflags\t\t: fpu lm sse2\n\n",
  "proc/meminfo": "MemTotal:        4194304 kB\n",
  "proc/version": "Linux version 6.1.0-18-amd64 (debian)\n",
  "proc/cmdline": "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 rd.iscsi.password=verysecret\n",
  "proc/mounts": "/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\nfiler:/export/home /home nfs rw 0 0\n",
  "proc/swaps": "Filename Type Size Used Priority\n/dev/sda5 partition 1000 0 -1\n",
  "sys/firmware/memmap/0/type": "System RAM\n",
  "sys/class/dmi/id/sys_vendor": "Invented Servers\n",
  "sys/class/dmi/id/product_name": "=cmd|' /C calc'!A0\n",
  "sys/class/dmi/id/product_serial": "SN-0001\n",
  "sys/class/net/enp3s0/address": "52:54:00:12:34:56\n",
  "sys/class/net/enp3s0/type": "1\n",
  "sys/class/net/enp3s0/ifindex": "2\n",
  "run/udev/data/n2": "E:ID_NET_NAME_PATH=enp3s0\nE:ID_VENDOR_FROM_DATABASE=Intel\n",
  "sys/class/net/enp4s0/address": "52:54:00:12:34:57\n",
  "sys/class/net/lo/address": "00:00:00:00:00:00\n",
  "sys/bus/pci/devices/0000:00:19.0/class": "0x020000\n",
  "sys/bus/pci/devices/0000:00:19.0/vendor": "0x8086\n",
  "sys/bus/pci/devices/0000:00:19.0/device": "0x10f5\n",
  "sys/block/sda/size": units(100 * GIB),
  "sys/block/sda/dev": "8:0\n",
  "sys/block/sda/removable": "0\n",
  "sys/block/sda/queue/logical_block_size": "512\n",
  "sys/block/sda/device/model": "SPINNER 100\n",
  "sys/block/sda/sda1/dev": "8:1\n",
  "sys/block/sda/sda1/partition": "1\n",
  "sys/block/sda/sda1/start": "2048\n",
  "sys/block/sda/sda1/size": units(90 * GIB),
  "sys/block/sda/sda5/dev": "8:5\n",
  "sys/block/sda/sda5/partition": "5\n",
  "sys/block/sda/sda5/start": `${2048 + (90 * GIB) / 512}\n`,
  "sys/block/sda/sda5/size": units(4 * GIB),
  "sys/block/sdb/size": units(8 * GIB),
  "sys/block/sdb/dev": "8:16\n",
  "sys/block/sdb/removable": "1\n",
  "sys/block/sdb/queue/logical_block_size": "512\n",
  "run/udev/data/b8:0": "E:ID_PART_TABLE_TYPE=dos\n",
  "run/udev/data/b8:1":
    "S:disk/by-uuid/5a0f\nE:ID_PART_ENTRY_TYPE=0x83\nE:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\nE:ID_FS_UUID=5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d\n",
  "run/udev/data/b8:5":
    "E:ID_PART_ENTRY_TYPE=0x82\nE:ID_FS_TYPE=swap\nE:ID_FS_USAGE=other\nE:ID_FS_UUID=c0d1f2a3-b4c5-4d6e-8f70-8192a3b4c5d6\n",
};

/** CentOS 6 on LVM over a mirror of two disks, asked by an ordinary user of blkid alone. */
export const MIRRORED_SERVER: Files = {
  "proc/sys/kernel/hostname": "six.example.org\n",
  "proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu lm sse2\n\nprocessor\t: 1\nflags\t\t: fpu lm sse2\n\n",
  "proc/meminfo": "MemTotal:        8388608 kB\n",
  "proc/version": "Linux version 2.6.32-754.35.1.el6.x86_64\n",
  "proc/mounts":
    "rootfs / rootfs rw 0 0\n/dev/mapper/vg_six-lv_root / ext4 rw 0 0\n/dev/sda1 /boot ext4 rw 0 0\n",
  "proc/swaps": "Filename Type Size Used Priority\n",
  "sys/firmware/memmap/0/type": "System RAM\n",
  "sys/class/net/eth0/address": "00:25:90:aa:bb:01\n",
  "sys/class/net/eth1/address": "00:25:90:aa:bb:02\n",
  "sys/class/net/eth2/address": "00:25:90:aa:bb:03\n",
  "sys/class/net/eth3/address": "00:25:90:aa:bb:04\n",
  ...Object.fromEntries(
    ["sda", "sdb"].flatMap((disk, index) => [
      [`sys/block/${disk}/size`, units(200 * GIB)],
      [`sys/block/${disk}/dev`, `8:${index * 16}\n`],
      [`sys/block/${disk}/queue/logical_block_size`, "512\n"],
      [`sys/block/${disk}/${disk}1/dev`, `8:${index * 16 + 1}\n`],
      [`sys/block/${disk}/${disk}1/start`, "2048\n"],
      [`sys/block/${disk}/${disk}1/size`, units(GIB)],
      [`sys/block/${disk}/${disk}2/dev`, `8:${index * 16 + 2}\n`],
      [`sys/block/${disk}/${disk}2/start`, `${2048 + GIB / 512}\n`],
      [`sys/block/${disk}/${disk}2/size`, units(190 * GIB)],
      [`sys/block/${disk}/${disk}2/holders/md127/dev`, "9:127\n"],
    ]),
  ),
  "sys/block/md127/size": units(190 * GIB),
  "sys/block/md127/dev": "9:127\n",
  "sys/block/md127/md/level": "raid1\n",
  "sys/block/md127/queue/logical_block_size": "512\n",
  "sys/block/md127/slaves/sda2/dev": "8:2\n",
  "sys/block/md127/slaves/sdb2/dev": "8:18\n",
  "sys/block/md127/holders/dm-0/dev": "253:0\n",
  "sys/block/dm-0/size": units(50 * GIB),
  "sys/block/dm-0/dev": "253:0\n",
  "sys/block/dm-0/dm/name": "vg_six-lv_root\n",
  "sys/block/dm-0/dm/uuid": `LVM-${"a".repeat(32)}${"b".repeat(32)}\n`,
  "sys/block/dm-0/queue/logical_block_size": "512\n",
  "sys/block/dm-0/slaves/md127/dev": "9:127\n",
  "dev/sda1": 'UUID="1f0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d" TYPE="ext4"',
  "dev/sda2": 'UUID="33333333-8d7b-4a53-9a1c-0d6e6f1b2c3d" TYPE="linux_raid_member"',
  "dev/sdb1": 'LABEL="old data" UUID="44444444-8d7b-4a53-9a1c-0d6e6f1b2c3d" TYPE="ext3"',
  "dev/sdb2": 'UUID="33333333-8d7b-4a53-9a1c-0d6e6f1b2c3d" TYPE="linux_raid_member"',
  "dev/md127": 'UUID="pvpvpv-pvpv-pvpv-pvpv-pvpv-pvpv-pvpvpv" TYPE="LVM2_member"',
  "dev/mapper/vg_six-lv_root": 'UUID="5a0f5c6e-8d7b-4a53-9a1c-0d6e6f1b2c3d" TYPE="ext4"',
};

/** What a secret looks like in each kind of file; none of them may leave the machine. */
export const SECRETS: Files = {
  "etc/shadow": "root:$6$saltsalt$verysecret:1:::::\n",
  "etc/NetworkManager/system-connections/wifi.nmconnection":
    "[connection]\nid=wifi\n[wifi-security]\npsk=verysecret\n[802-1x]\npassword=verysecret\nprivate-key-password=verysecret\n",
  "etc/sysconfig/network-scripts/ifcfg-wlan0": "DEVICE=wlan0\nKEY='verysecret'\nWPA_PSK=verysecret\n",
  "etc/sysconfig/network-scripts/keys-wlan0": "KEY=verysecret\n",
  "etc/wpa_supplicant/wpa_supplicant.conf": "network={\n psk=verysecret\n}\n",
  "etc/network/interfaces.d/wifi":
    "iface wlan0 inet dhcp\n  wpa-ssid home\n  wpa-psk verysecret\n  wireless-key verysecret\n",
  "etc/netplan/90-wifi.yaml": 'network:\n  wifis:\n    wlan0:\n      password: "verysecret"\n',
  "etc/systemd/network/wg0.netdev":
    "[NetDev]\nName=wg0\n[WireGuard]\nPrivateKey=verysecret\nPresharedKey = verysecret\n",
  "etc/grub.d/40_custom": "password_pbkdf2 root grub.pbkdf2.sha512.10000.verysecret\n",
  "boot/grub/user.cfg": "GRUB2_PASSWORD=grub.pbkdf2.sha512.10000.verysecret\n",
  "etc/inittab": "id:3:initdefault:\n# -----BEGIN RSA PRIVATE KEY-----\n",
  "etc/kernel/key.pem": "-----BEGIN PRIVATE KEY-----\nverysecret\n-----END PRIVATE KEY-----\n",
  "etc/default/grub.d/proxy.cfg": "PROXY=http://user:verysecret@proxy.example.org/\n",
  "etc/ssh/ssh_host_rsa_key": "verysecret\n",
};

/** `df` as it would say it there: source, mount, KiB of all and used. */
export type Fill = readonly (readonly [source: string, mount: string, total: number, used: number])[];

export async function runningServer(
  guest: string,
  { files, fill }: { files: Files; fill: Fill },
): Promise<RunningServer> {
  const base = await mkdtemp(join(tmpdir(), "p2v-server-"));
  const root = join(base, "root");
  await cp(join(GUESTS, guest, "in"), root, { recursive: true, verbatimSymlinks: true });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  if (files["sys/class/net/enp3s0/type"] !== undefined) {
    const device = join(root, "sys/devices/pci0000:00/0000:00:19.0");
    await mkdir(device, { recursive: true });
    await mkdir(join(root, "sys/bus/pci/drivers/e1000e"), { recursive: true });
    await symlink("../../../bus/pci/drivers/e1000e", join(device, "driver"));
    await symlink("../../../devices/pci0000:00/0000:00:19.0", join(root, "sys/class/net/enp3s0/device"));
    await symlink("../../../devices/virtual-enp4s0", join(root, "sys/class/net/enp4s0/device"));
  } else
    for (const nic of ["eth0", "eth1", "eth2", "eth3"])
      await symlink(`../../../devices/virtual-${nic}`, join(root, `sys/class/net/${nic}/device`));
  const programs = join(base, "bin");
  await makePrograms(programs, { root, fill });
  let count = 0;
  return {
    root,
    async collect(shell = ["sh"]) {
      count += 1;
      const archive = join(base, `${count}.tar.gz`);
      const [program = "sh", ...more] = shell;
      const env = { ROOT: root, TMPDIR: base, PATH: `${programs}:${process.env["PATH"] ?? ""}` };
      await run([program, ...more, COLLECTOR, archive], { env });
      return archive;
    },
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }),
  };
}

/** Not for busybox, whose shell takes its own df. df answers from a table, blkid from the file in the place of the device; udev is not there. */
async function makePrograms(directory: string, { root, fill }: { root: string; fill: Fill }): Promise<void> {
  await mkdir(directory);
  const cases = fill.map(
    ([source, mount, total, used]) =>
      `${mount}) echo "${source} ${total} ${used} ${total - used} 50% ${mount}" ;;`,
  );
  const df = `#!/bin/sh\nfor last; do :; done\nlast=\${last#${root}}\necho Filesystem\ncase $last in\n${cases.join("\n")}\nesac\n`;
  await writeFile(join(directory, "df"), df, { mode: 0o755 });
  const blkid = `#!/bin/sh\n[ "$1" != -p ] || exit 4\n[ ! -s "$1" ] || echo "$1: $(cat "$1")"\n`;
  await writeFile(join(directory, "blkid"), blkid, { mode: 0o755 });
  for (const name of ["udevadm", "udevinfo"])
    await writeFile(join(directory, name), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
}

/** The archive of a golden guest, as the golden says what it is. */
export async function goldenGuest(name: string): Promise<{ graph: string; guest: string }> {
  return {
    graph: await readFile(join(GUESTS, name, "graph.json"), "utf8"),
    guest: await readFile(join(GUESTS, name, "guest.json"), "utf8"),
  };
}
