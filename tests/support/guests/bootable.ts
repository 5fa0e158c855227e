// SPDX-License-Identifier: Apache-2.0
// Systems that boot, as files and a graph: what the chain of boot is tried on, whole and with one thing broken.
import { gzipSync } from "node:zlib";
import { walkChain } from "../../../src/chain/index.ts";
import type {
  BlockEdge,
  BlockGraph,
  BlockNode,
  Chain,
  GuestOS,
  Holds,
  Intent,
  VmModel,
} from "../../../src/core/index.ts";
import { inspectGuest, readMounts } from "../../../src/inspect/index.ts";
import { makeVm } from "../../../src/plan/index.ts";
import { type MemoryFile, memoryView } from "../../../src/system/index.ts";
import { cpioOf } from "../cpio.ts";
import { testIntent } from "./sample-guest.ts";

export const ROOT = "3f1c2a4e-0000-4000-8000-000000000001";
export const SWAP = "3f1c2a4e-0000-4000-8000-000000000002";
export const DATA = "3f1c2a4e-0000-4000-8000-000000000003";
export const ESP = "ABCD-0001";
export const RELEASE = "6.1.0-18-amd64";
export const MAC = "52:54:00:00:00:01";
const MODULES = ["virtio_pci", "virtio_blk", "virtio_net", "xen-blkfront", "xen-netfront", "ext4", "jbd2"];

type DiskHolds = Extract<Holds, { kind: "disk" }>;

/** What can be changed in a system before it is judged. */
export type Bootable = {
  files: Record<string, MemoryFile>;
  disk: DiskHolds;
  /** By partition number. */
  parts: Map<number, Holds>;
  /** Logical volumes below partitions, by partition number. */
  volumes: Map<number, Extract<Holds, { kind: "lvm-lv" }>>;
  /** UUID of the LUKS volume that the root lies in; null: none. */
  luks: string | null;
  intent: Partial<Intent>;
  vm: Partial<VmModel>;
  kernel: Partial<GuestOS["kernels"][number]>;
  guest: Partial<GuestOS>;
};

const filesystem = (uuid: string, type = "ext4", label: string | null = null): Holds => ({
  kind: "filesystem",
  type,
  uuid,
  label,
});

export const initramfsOf = (
  modules: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Buffer =>
  gzipSync(
    cpioOf({
      ...Object.fromEntries(
        modules.map((name) => [`usr/lib/modules/${RELEASE}/kernel/drivers/${name}.ko`, "module"]),
      ),
      ...more,
    }),
  );

const entry = (
  words: string,
): string => `menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple' {
	search --no-floppy --fs-uuid --set=root --hint-bios=hd0,msdos1 ${ROOT}
	linux	/boot/vmlinuz-${RELEASE} root=UUID=${ROOT} ro ${words}
	initrd	/boot/initrd.img-${RELEASE}
}
`;

/** As grub-mkconfig of Debian 12 writes it, shortened. */
export const grubCfg = (words = "quiet console=ttyS0,115200 console=tty0"): string => `#
if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "\${next_entry}" ] ; then
   set default="\${next_entry}"
   set next_entry=
   save_env next_entry
else
   set default="0"
fi

if [ x"\${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
set timeout=5
function load_video {
  insmod all_video
}
set root='hd0,msdos1'
if [ x$feature_platform_search_hint = xy ]; then
  search --no-floppy --fs-uuid --set=root --hint-bios=hd0,msdos1 --hint-efi=hd0,msdos1  ${ROOT}
else
  search --no-floppy --fs-uuid --set=root ${ROOT}
fi
${entry(words)}submenu 'Advanced options' {
${entry("single")}}
`;

export function debian(): Bootable {
  return {
    files: {
      "/etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
      "/etc/fstab": `UUID=${ROOT} / ext4 errors=remount-ro 0 1\nUUID=${SWAP} none swap sw 0 0\nUUID=${DATA} /srv ext4 defaults 0 2\n`,
      "/etc/network/interfaces":
        "auto eno1\niface eno1 inet static\n  address 192.0.2.10/24\n  gateway 192.0.2.1\n",
      "/etc/udev/rules.d/70-p2v-net.rules": `SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{address}=="${MAC}", ATTR{type}=="1", NAME="eno1"\n`,
      "/usr/lib/systemd/systemd": { content: "\u007fELF\u0002\u0001\u0001", mode: 0o755 },
      "/sbin/init": { link: "/usr/lib/systemd/systemd" },
      "/bin/sh": { content: "\u007fELF\u0002\u0001\u0001", mode: 0o755 },
      "/usr/sbin/update-initramfs": { content: "", mode: 0o755 },
      [`/boot/vmlinuz-${RELEASE}`]: "kernel",
      [`/boot/initrd.img-${RELEASE}`]: initramfsOf(MODULES),
      "/boot/grub/grub.cfg": grubCfg(),
      "/boot/grub/grubenv": `# GRUB Environment Block\n${"#".repeat(990)}`,
      [`/lib/modules/${RELEASE}/modules.dep`]: MODULES.map((name) =>
        name === "ext4" ? "kernel/drivers/ext4.ko: kernel/drivers/jbd2.ko\n" : `kernel/drivers/${name}.ko:\n`,
      ).join(""),
    },
    disk: { kind: "disk", serial: null, model: "", table: "mbr", boot: { kind: "grub2", core: true } },
    parts: new Map<number, Holds>([
      [1, filesystem(ROOT)],
      [2, { kind: "swap", uuid: SWAP, label: null, hibernated: false }],
      [3, filesystem(DATA, "ext4", "data")],
    ]),
    volumes: new Map(),
    luks: null,
    intent: { nics: [{ name: "eno1", mac: MAC, origin: "guest" }] },
    vm: {},
    kernel: {},
    guest: {},
  };
}

function graphOf({ disk, parts, volumes, luks }: Bootable): BlockGraph {
  const node = { path: "disk.img", sizeBytes: 2 ** 30, sectorBytes: 512 };
  const nodes: BlockNode[] = [{ ...node, id: "disk:1", holds: disk }];
  const edges: BlockEdge[] = [];
  for (const [number, holds] of parts) {
    const part = `disk:1/part:${number}`;
    const isEsp = holds.kind === "filesystem" && holds.type === "vfat";
    const type = isEsp ? "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" : "83";
    nodes.push({
      ...node,
      id: part,
      holds: { kind: "partition", number, type, uuid: `1a2b3c4d-0${number}`, bootable: false },
    });
    nodes.push({ ...node, id: `${part}/fs`, holds });
    edges.push({ from: part, to: "disk:1", map: null });
    const below = number === 1 && luks !== null ? `${part}/luks` : part;
    if (below !== part && luks !== null) {
      nodes.push({ ...node, id: below, holds: { kind: "luks", uuid: luks } });
      edges.push({ from: below, to: part, map: null });
    }
    const volume = volumes.get(number);
    if (volume !== undefined) {
      nodes.push({ ...node, id: `lv:${volume.name}`, holds: volume });
      edges.push({ from: `lv:${volume.name}`, to: below, map: null });
    }
    const on = volume === undefined ? below : `lv:${volume.name}`;
    edges.push({ from: `${part}/fs`, to: on, map: null });
  }
  return { nodes, edges };
}

export async function judge(system: Bootable): Promise<Chain> {
  const graph = graphOf(system);
  const view = memoryView(system.files);
  const root = "disk:1/part:1/fs";
  const { mounts, names } = await readMounts(view, { graph, root });
  const found = await inspectGuest(view, { rootNode: root, mounts, names, usedBytes: 0 });
  const guest = {
    ...found,
    arch: "x86_64",
    kernels: found.kernels.map((kernel) => ({ ...kernel, ...system.kernel })),
    ...system.guest,
  };
  const intent = { ...testIntent({ storage: graph }), hypervisor: "qemu" as const, ...system.intent };
  const vm = { ...makeVm(intent, guest), ...system.vm };
  return await walkChain({ view, guest, intent, vm, signal: AbortSignal.timeout(60_000) });
}
