// SPDX-License-Identifier: Apache-2.0
// Words of kernels by example: what is named anew, what is taken out, what stays and is reported.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  diskGraph,
  ROOT_UUID,
  SWAP_UUID,
  testGuestOS,
  testIntent,
} from "../../../tests/support/guests/sample-guest.ts";
import type { BlockGraph } from "../../core/index.ts";
import { readVolumes } from "../names/volumes.ts";
import { bareNames } from "./bare-kernels.ts";
import { nameCards } from "./card-words.ts";
import { only } from "./command-lines.ts";
import { nameDevices, type NamedLine } from "./devices.ts";
import { withoutLostVolumes } from "./lost-volumes.ts";
import { withoutSanWords } from "./san-words.ts";

const [guest, intent] = [testGuestOS(), testIntent()];
const names = {
  volumes: readVolumes(guest, intent),
  style: "UUID=" as const,
  bare: bareNames(guest, intent),
};
const edit = (text: string): NamedLine => nameDevices(only(text), names);

/** The sample's disk, with something above its swap partition that cannot be looked into. */
function lockedGraph(): BlockGraph {
  const graph = diskGraph();
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.holds.kind === "swap" ? { ...node, holds: { kind: "luks", uuid: "abcd1234-0000" } } : node,
    ),
  };
}

test("devices within values get stable names, each as its reader takes it", () => {
  const [root, swap] = [`UUID=${ROOT_UUID}`, `UUID=${SWAP_UUID}`];
  const cases: readonly (readonly [string, string])[] = [
    ["mount.usr=/dev/sda1 ro", `mount.usr=${root} ro`],
    ["rd.luks.key=/keys/a:/dev/sda1", `rd.luks.key=/keys/a:${root}`],
    ["rd.luks.key=0123=/keys/a:/dev/sda1", `rd.luks.key=0123=/keys/a:${root}`],
    ["cryptkey=/dev/sda1:ext4:/key", `cryptkey=${root}:ext4:/key`],
    ["cryptkey=rootfs:/key", "cryptkey=rootfs:/key"],
    [
      "rootflags=data=journal,journal_path=/dev/sda2",
      `rootflags=data=journal,journal_path=/dev/disk/by-uuid/${SWAP_UUID}`,
    ],
    [
      "cryptopts=target=root,source=/dev/sda1,key=none",
      `cryptopts=target=root,source=/dev/disk/by-uuid/${ROOT_UUID},key=none`,
    ],
    ["systemd.swap-extra=/dev/sda2:pri=1", `systemd.swap-extra=${swap}:pri=1`],
    ["systemd.mount-extra=/dev/sda1:/srv:ext4", `systemd.mount-extra=${root}:/srv:ext4`],
    ["rd.luks.key=/a:UUID=" + SWAP_UUID + ":/dev/sda1", `rd.luks.key=/a:UUID=${SWAP_UUID}:${root}`],
    ["resume=swap:/dev/sda2", `resume=swap:${swap}`],
    ["root=0801 ro", `root=${root} ro`],
    ["root=8:1", `root=${root}`],
    ["root=/dev/block/8:1 resume=802", `root=${root} resume=${swap}`],
    ["real_root=/dev/sda1 crypt_swap=/dev/sda2", `real_root=${root} crypt_swap=${swap}`],
  ];
  for (const [before, after] of cases) {
    assert.deepEqual(edit(before), { text: after, lost: [] });
    assert.deepEqual(edit(after), { text: after, lost: [] }, "twice is once");
  }
});

test("what none of the given disks holds: a swap goes, all else stays and is reported", () => {
  assert.equal(edit("ro resume=/dev/mapper/fast-swap quiet").text, "ro quiet");
  assert.equal(edit("ro resume=LABEL=fast quiet").text, "ro quiet");
  assert.equal(edit("systemd.swap-extra=/dev/sdb2:pri=1").text, "");
  const stays = (text: string): readonly string[] => {
    const { text: after, lost } = edit(text);
    assert.equal(after, text);
    return lost.map(({ kind, key, device }) => `${kind} ${key} ${device}`);
  };
  assert.deepEqual(stays("mount.usr=/dev/sda3"), ["other mount.usr /dev/sda3"]);
  assert.deepEqual(stays("mount.usr=LABEL=usr"), ["other mount.usr LABEL=usr"]);
  assert.deepEqual(stays("root=0811"), ["root root /dev/block/8:17"]);
  assert.deepEqual(stays("root=0100 root=/dev/block/253:0"), []);
  assert.deepEqual(stays("root=LABEL=/"), ["root root LABEL=/"]);
  assert.deepEqual(stays("root=/dev/vg0/root"), ["root root /dev/vg0/root"]);
  assert.deepEqual(stays("rootflags=journal_path=/dev/sda4"), ["other rootflags /dev/sda4"]);
  assert.deepEqual(stays("md=0,/dev/sda1,/dev/sdb1"), ["other md /dev/sda1", "other md /dev/sdb1"]);
  assert.deepEqual(stays('"dm-mod.create=swap,,,rw,0 100 linear /dev/sdb 0"'), [
    "other dm-mod.create /dev/sdb",
  ]);
  for (const kept of [
    "root=/dev/nfs",
    "root=ZFS=rpool",
    "boot=live",
    "rootflags=subvol=@",
    "root=/dev/md127",
  ])
    assert.equal(edit(kept).text, kept);
});

test("where a part of the disks cannot be looked into, nothing is lacked for certain", () => {
  const locked = testIntent({ storage: lockedGraph() });
  const volumes = readVolumes(guest, locked);
  const words = "rd.lvm.lv=vg/swap rd.lvm.vg=vg resume=/dev/mapper/vg-swap rd.luks.uuid=abcd";
  assert.deepEqual(withoutLostVolumes(words, volumes), {
    text: words,
    unseen: ["rd.lvm.lv=vg/swap", "rd.lvm.vg=vg"],
  });
  assert.equal(nameDevices(only(words), { ...names, volumes }).text, words);
});

test("words for volumes on disks that are not given are taken out, by all their names", () => {
  const out = (text: string): string => withoutLostVolumes(text, names.volumes).text;
  const uuid = "1b9c1a7c:9d2f6c60:2c0f6a3a:7b7c0d5e";
  for (const word of [
    "rd.lvm.lv=fast/swap",
    "rd_LVM_LV=fast/swap",
    "rd.lvm.vg=fast",
    `rd.md.uuid=${uuid}`,
    "rd.luks.uuid=luks-0a1b2c3d",
    "rd.luks.name=0a1b2c3d-0000-4000-8000-000000000000=root",
    "rd.luks.partuuid=0a1b2c3d-01",
  ])
    assert.equal(out(`a ${word} b`), "a b", word);
  for (const kept of [
    "rd.luks.partuuid=luks-1234abcd-02",
    "rd.lvm.lv=strange",
    "rd.luks.uuid=none",
    "rd.lvm=0",
  ])
    assert.equal(out(kept), kept);
});

test("a root on a SAN is the root that was found", () => {
  const root = names.volumes.volumeOf(guest.root);
  assert.ok(root);
  const line = only("root=iscsi:@192.0.2.5::3260::iqn.a:b ip=ibft");
  assert.deepEqual(nameDevices(line, { ...names, root }), {
    text: `root=UUID=${ROOT_UUID} ip=ibft`,
    lost: [],
  });
});

test("words of a SAN are taken out, and rd.neednet with the last of them", () => {
  const out = (text: string): string => withoutSanWords(text).text;
  assert.equal(out("ro netroot=iscsi:@192.0.2.5::3260::iqn.a:b ip=ibft rd.neednet=1 quiet"), "ro quiet");
  assert.equal(out("ro rd.iscsi.ibft=1 ip=eno1:dhcp rd.neednet=1"), "ro ip=eno1:dhcp rd.neednet=1");
  assert.equal(out('GRUB="rd.iscsi.firmware rd.iscsi.initiator=iqn.x:y"'), 'GRUB=""');
  for (const kept of ["ip=dhcp rd.neednet=1", "rd.fcoe=0 quiet", "root=/dev/nfs ip=dhcp", "netroot2=iscsi:x"])
    assert.deepEqual(withoutSanWords(kept), { text: kept, words: [] });
});

test("words that name a card of the VM by another name get its name; a card that the VM lacks is reported", () => {
  const nics = [
    { name: "eno1", mac: "52:54:00:00:00:01", origin: "guest", aliases: ["0000:01:00.0"] },
    { name: "lan0", mac: "52:54:00:00:00:02", origin: "guest" },
  ] as const;
  const lost = (text: string): readonly string[] => {
    const named = nameCards(text, nics);
    assert.equal(named.text, text);
    return named.lost;
  };
  for (const kept of [
    "ip=dhcp ip=eno1:dhcp ip=192.0.2.5::192.0.2.1:255.255.255.0:web:lan0:none",
    "ip=[2001:db8::1]::[2001:db8::ff]:64:web:eno1:none bootdev=eno1",
    "ip=:::::eno1:dhcp BOOTIF=01-52-54-00-00-00-02 ip=192.0.2.5::192.0.2.1:24:web",
    "bond=bond7:eno1,lan0:mode=802.3ad vlan=bond7.5:bond7 ip=bond7.5:dhcp bridge=br0:lan0",
    "ifname=up:52:54:00:00:00:02 ip=up:dhcp",
  ])
    assert.deepEqual(lost(kept), []);
  assert.deepEqual(lost("ip=eth7:dhcp rd.neednet=1"), ["eth7"]);
  assert.deepEqual(lost("bond=bond0:eno1,eth1:mode=1 BOOTIF=01-00-11-22-33-44-55"), [
    "eth1",
    "01-00-11-22-33-44-55",
  ]);
  assert.deepEqual(lost("ip=192.0.2.5::192.0.2.1:24:web:ens9:off"), ["ens9"]);
});

test("a name below /dev/mapper may be one of crypttab's where a volume is encrypted", () => {
  const storage = lockedGraph();
  const opened = {
    nodes: [...storage.nodes, { ...storage.nodes[0], id: "crypt", holds: { kind: "crypt", uuid: "x" } }],
    edges: [...storage.edges, { from: "crypt", to: "disk:1/part:2/swap", map: null }],
  } as BlockGraph;
  const fs = {
    ...storage.nodes[0],
    id: "fs",
    holds: { kind: "swap", uuid: "s", label: null, hibernated: false },
  };
  const whole = {
    nodes: [...opened.nodes, fs],
    edges: [...opened.edges, { from: "fs", to: "crypt", map: null }],
  } as BlockGraph;
  const volumes = readVolumes(guest, testIntent({ storage: whole }));
  assert.deepEqual(nameDevices(only("root=/dev/mapper/luks-root"), { ...names, volumes }).lost, []);
  assert.equal(nameDevices(only("root=LABEL=x"), { ...names, volumes }).lost.length, 1, "all is open");
});

test("a kernel without an initramfs: PARTUUID= since 3.8, before that the VM's own name", () => {
  const bare = (version: string, table: "gpt" | "mbr" = "mbr"): string => {
    const graph = diskGraph();
    const storage = {
      ...graph,
      nodes: graph.nodes.map((node) =>
        node.holds.kind === "disk" ? { ...node, holds: { ...node.holds, table } } : node,
      ),
    };
    const has = { virtio_pci: "builtin", virtio_blk: "builtin" } as const;
    const image = `/boot/vmlinuz-${version}`;
    const old = testGuestOS({
      kernels: [{ version, image, initramfs: null, bootable: true, has }],
    });
    const wanted = testIntent({ storage });
    const line = only("root=/dev/sda1", { hasInitramfs: false, image: `/vmlinuz-${version}` });
    return nameDevices(line, {
      volumes: readVolumes(old, wanted),
      style: "UUID=",
      bare: bareNames(old, wanted),
    }).text;
  };
  assert.equal(bare("3.8.0"), "root=PARTUUID=1234abcd-01");
  assert.equal(bare("3.7.10"), "root=/dev/vda1");
  assert.equal(bare("3.2.29", "gpt"), "root=PARTUUID=1234abcd-01");
  assert.equal(bare("2.6.36.4", "gpt"), "root=/dev/vda1");
});
