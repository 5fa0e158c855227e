// SPDX-License-Identifier: Apache-2.0
// Each loader's files, by example: what is offered, what comes out, what stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  diskGraph,
  ROOT_UUID,
  SWAP_UUID,
  testGuestOS,
  testIntent,
} from "../../../tests/support/guests/sample-guest.ts";
import { withConsoles } from "../steps/consoles/serial-console.ts";
import { readVolumes } from "../names/volumes.ts";
import { bootEntries, kernelCmdline } from "./boot-entries.ts";
import { type CommandLineFiles, only } from "./command-lines.ts";
import { bareNames } from "./bare-kernels.ts";
import { type DeviceNames, nameDevices, nameStyle, type NameStyle, resumeName } from "./devices.ts";
import { grubLegacy } from "./grub-legacy.ts";
import { grub2Menus } from "./grub2.ts";
import { grubenv } from "./grubenv.ts";
import { limine, refind } from "./other-menus.ts";
import { extlinuxSources, suseSources } from "./sources.ts";
import { syslinux } from "./syslinux.ts";

const volumes = readVolumes(testGuestOS(), testIntent());
const [ROOT, SWAP] = [`UUID=${ROOT_UUID}`, `UUID=${SWAP_UUID}`];

const namesOf = (more: Partial<DeviceNames> = {}): DeviceNames => ({
  volumes,
  style: "UUID=",
  bare: bareNames(testGuestOS(), testIntent()),
  ...more,
});

function named(kind: CommandLineFiles, text: string, style: NameStyle = "UUID="): string | null {
  return kind.edit(text, (line) => nameDevices(line, namesOf({ style })).text);
}

const consoles = (kind: CommandLineFiles, text: string): string | null => kind.edit(text, withConsoles);

const BLOCK = (kernelopts: string): string =>
  `# GRUB Environment Block\nsaved_entry=a-5.14\nkernelopts=${kernelopts}\nboot_success=0\n`.padEnd(
    1024,
    "#",
  );

test("problem 9: grubenv keeps its size to the byte, and everything but kernelopts", () => {
  const text = BLOCK("root=/dev/sda1 ro resume=/dev/sda2 rhgb quiet");
  const edited = named(grubenv, text) ?? "";
  assert.equal(edited, BLOCK(`root=${ROOT} ro resume=${SWAP} rhgb quiet`));
  assert.equal(edited.length, 1024);
  assert.equal(named(grubenv, edited), edited, "twice is once");
});

test("a grubenv without room for the new words is left alone, and said", () => {
  const full = `# GRUB Environment Block\nkernelopts=root=/dev/sda1 ${"x".repeat(970)}\n`.padEnd(1024, "#");
  assert.equal(full.length, 1024);
  assert.equal(named(grubenv, full), null);
});

test("what is not an environment block stays", () => {
  for (const text of [
    "",
    "kernelopts=root=/dev/sda1\n",
    "# GRUB Environment Block\r\nkernelopts=root=/dev/sda1\n",
  ])
    assert.equal(named(grubenv, text), text);
});

test("a backslash in kernelopts is one in the value", () => {
  const block = BLOCK("root=/dev/sda1 a=b\\\\c");
  assert.equal(named(grubenv, block), BLOCK(`root=${ROOT} a=b\\\\c`));
});

test("problem 9: boot entries: every options line counts, comments and other keys stay", () => {
  const entry =
    "# mine, root=/dev/sda1\ntitle Arch\nlinux /vmlinuz-linux\ninitrd /initramfs-linux.img\noptions\troot=/dev/sda1 rw\noptions resume=/dev/sda2\n";
  const edited = named(bootEntries, entry);
  assert.equal(
    edited,
    entry.replace("options\troot=/dev/sda1", `options\troot=${ROOT}`).replace("/dev/sda2", SWAP),
  );
  const console = consoles(bootEntries, entry) ?? "";
  assert.match(
    console,
    /\troot=\/dev\/sda1 rw\noptions resume=\/dev\/sda2 console=ttyS0,115200 console=tty0\n$/,
  );
  assert.equal(consoles(bootEntries, console), console);
});

test("a boot entry whose words are a variable gets no console of its own", () => {
  const entry = "linux /vmlinuz\ninitrd /i\noptions $kernelopts $tuned_params\n";
  assert.equal(consoles(bootEntries, entry), entry);
});

test("an entry without initramfs gets PARTUUID=, which the kernel itself knows", () => {
  assert.equal(
    named(bootEntries, "linux /vmlinuz\noptions root=/dev/sda1\n"),
    "linux /vmlinuz\noptions root=PARTUUID=1234abcd-01\n",
  );
});

test("/etc/kernel/cmdline: one line or many, comments stay, a console once", () => {
  const text = "# root=/dev/sda1\nroot=/dev/sda1 ro\nquiet\n";
  assert.equal(named(kernelCmdline, text), `# root=/dev/sda1\nroot=${ROOT} ro\nquiet\n`);
  assert.equal(
    consoles(kernelCmdline, text),
    "# root=/dev/sda1\nroot=/dev/sda1 ro\nquiet console=ttyS0,115200 console=tty0\n",
  );
});

test("GRUB 2's kernelopts that stand in for an empty grubenv are edited inside their quotes", () => {
  const text = 'if [ -z "${kernelopts}" ]; then\n  set kernelopts="root=/dev/sda1 ro "\nfi\n';
  assert.equal(named(grub2Menus, text), text.replace("/dev/sda1", ROOT));
  assert.equal(consoles(grub2Menus, text), text.replace('ro "', 'ro console=ttyS0,115200 console=tty0 "'));
});

const LEGACY = `default=0
#boot=/dev/sda
title CentOS (2.6.18-398.el5)
\troot (hd0,0)
\tkernel /vmlinuz-2.6.18-398.el5 ro root=/dev/sda1 rhgb quiet
\tinitrd /initrd-2.6.18-398.el5.img
title Xen
\tkernel (hd0,0)/xen.gz-2.6.18 root=/dev/sda1
\tmodule /vmlinuz-2.6.18-xen ro root=/dev/sda1
\tmodule /initrd-2.6.18-xen.img
title bare
\tkernel (hd0,0)/boot/bzImage root=/dev/sda1
title Other
\trootnoverify (hd0,1)
\tchainloader +1
`;

test("GRUB legacy: kernels, also as modules below Xen; its own names of disks stay", () => {
  const edited = named(grubLegacy, LEGACY) ?? "";
  assert.equal(
    edited,
    LEGACY.replace("rc1 ro", "rc1 ro")
      .replace("el5 ro root=/dev/sda1", `el5 ro root=${ROOT}`)
      .replace("xen ro root=/dev/sda1", `xen ro root=${ROOT}`)
      .replace("bzImage root=/dev/sda1", "bzImage root=PARTUUID=1234abcd-01"),
  );
  assert.equal(named(grubLegacy, edited), edited);
});

test("Debian's GRUB legacy keeps what update-grub reads in a comment", () => {
  const menu =
    "## e.g. kopt=root=/dev/hda1 ro\n# kopt=root=/dev/sda1 ro\n# groot=(hd0,0)\n# defoptions=quiet\n\ntitle\t\tDebian\nkernel\t\t/boot/vmlinuz-2.6.26 root=/dev/sda1 ro\ninitrd\t\t/boot/initrd.img-2.6.26\n";
  assert.equal(
    named(grubLegacy, menu),
    menu
      .replace("# kopt=root=/dev/sda1", `# kopt=root=${ROOT}`)
      .replace("26 root=/dev/sda1", `26 root=${ROOT}`),
  );
  assert.match(
    consoles(grubLegacy, menu) ?? "",
    /^# kopt=root=\/dev\/sda1 ro console=ttyS0,115200 console=tty0$/m,
  );
});

test("names are written as the guest's initramfs knows them", () => {
  const kernel = (version: string): ReturnType<typeof testGuestOS>["kernels"] => [
    { version, image: "/boot/x", initramfs: null, bootable: true, has: {} },
  ];
  const mkinitrd = (family: string, version: string): NameStyle =>
    nameStyle(testGuestOS({ family, initramfsTool: "mkinitrd", kernels: kernel(version) }));
  assert.equal(mkinitrd("redhat", "2.6.9-100.EL"), "label");
  assert.equal(mkinitrd("redhat", "2.6.18-398.el5"), "UUID=");
  assert.equal(mkinitrd("suse", "3.0.101-63-default"), "by-uuid");
  assert.equal(nameStyle(testGuestOS()), "UUID=");
  assert.match(
    named(grubLegacy, LEGACY, "by-uuid") ?? "",
    new RegExp(`el5 ro root=/dev/disk/by-uuid/${ROOT_UUID} rhgb`),
  );
  assert.equal(resumeName("/dev/sda2", { volumes, style: "by-uuid" }), `/dev/disk/by-uuid/${SWAP_UUID}`);
});

test("RHEL 4 gets LABEL= where the root has one, else it stays and is said", () => {
  const graph = diskGraph();
  const nodes = graph.nodes.map((node) =>
    node.holds.kind === "filesystem" ? { ...node, holds: { ...node.holds, label: "/" } } : node,
  );
  const labelled = readVolumes(testGuestOS(), testIntent({ storage: { ...graph, nodes } }));
  const line = only("kernel /v root=/dev/sda1\n");
  assert.deepEqual(nameDevices(line, namesOf({ volumes: labelled, style: "label" })), {
    text: "kernel /v root=LABEL=/\n",
    lost: [],
  });
  assert.deepEqual(nameDevices(line, namesOf({ style: "label" })), {
    text: line.text,
    lost: [{ kind: "root", key: "root", device: "/dev/sda1" }],
  });
});

test("extlinux: APPEND of labels and the one above them, in any case, and initrd= inside", () => {
  const menu = `DEFAULT linux
append root=/dev/sda1 global
LABEL linux
  KERNEL vmlinuz-lts
  INITRD initramfs-lts
  APPEND root=/dev/sda1 modules=ext4
label old
  linux /vmlinuz
  append initrd=/initrd.gz root=/dev/sda1
LABEL bare
  LINUX /vmlinuz
  APPEND root=/dev/sda1
LABEL none
  APPEND -
`;
  assert.equal(
    named(syslinux, menu),
    menu
      .replace("root=/dev/sda1 global", `root=${ROOT} global`)
      .replace("root=/dev/sda1 modules", `root=${ROOT} modules`)
      .replace("initrd.gz root=/dev/sda1", `initrd.gz root=${ROOT}`)
      .replace("APPEND root=/dev/sda1\n", "APPEND root=PARTUUID=1234abcd-01\n"),
  );
});

test("what update-extlinux and YaST write menus from", () => {
  assert.equal(
    named(extlinuxSources, "root=/dev/sda1\nmodules=ext4\ndefault_kernel_opts=quiet\n"),
    `root=${ROOT}\nmodules=ext4\ndefault_kernel_opts=quiet\n`,
  );
  assert.equal(named(extlinuxSources, 'EXTLINUX_ROOT="root=/dev/sda1"\n'), `EXTLINUX_ROOT="root=${ROOT}"\n`);
  assert.equal(
    named(suseSources, 'DEFAULT_APPEND="resume=/dev/sda2 splash=silent"\n', "by-uuid"),
    `DEFAULT_APPEND="resume=/dev/disk/by-uuid/${SWAP_UUID} splash=silent"\n`,
  );
});

test("other words that name disks: FIPS, the hook encrypt, genkernel", () => {
  const edit = (text: string): string => nameDevices(only(text), namesOf()).text;
  assert.equal(edit("fips=1 boot=/dev/sda1"), `fips=1 boot=${ROOT}`);
  assert.equal(edit("boot=live"), "boot=live");
  assert.equal(edit("cryptdevice=/dev/sda1:root:allow-discards"), `cryptdevice=${ROOT}:root:allow-discards`);
  assert.equal(edit("real_root=/dev/sda1"), `real_root=${ROOT}`);
  assert.equal(edit("cryptdevice=/dev/sdz9:root"), "cryptdevice=/dev/sdz9:root");
});

test("rEFInd and Limine: the words of each entry, and nothing else", () => {
  const menu =
    '"Boot with standard options" "ro root=/dev/sda1 initrd=/boot/initrd.img"\n# "x" "root=/dev/sda1"\n"Text" "ro root=/dev/sda1 3"\n';
  assert.equal(
    named(refind, menu),
    menu.replaceAll(" root=/dev/sda1 ", ` root=${ROOT} `).replace('"ro root=/dev/sda1', `"ro root=${ROOT}`),
  );
  const stanza = 'menuentry "Arch" {\n    options  "root=/dev/sda1 rw"\n    volume "/dev/sda1"\n}\n';
  assert.equal(named(refind, stanza), stanza.replace("root=/dev/sda1", `root=${ROOT}`));
  const conf = "timeout: 5\n/Arch\n    protocol: linux\n    cmdline: root=/dev/sda1 rw\n";
  assert.equal(named(limine, conf), conf.replace("/dev/sda1", ROOT));
  assert.equal(
    named(limine, ":Arch\nKERNEL_CMDLINE=root=/dev/sda1\n"),
    `:Arch\nKERNEL_CMDLINE=root=${ROOT}\n`,
  );
  for (const [kind, text] of [
    [refind, menu],
    [limine, conf],
  ] as const) {
    const console = consoles(kind, text) ?? "";
    assert.match(console, /root=\/dev\/sda1.* console=ttyS0,115200/);
    assert.equal(consoles(kind, console), console);
  }
});
