// SPDX-License-Identifier: Apache-2.0
// The edits of texts: kernel command lines, shell files, GRUB's menu, inittab, udev rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import { diskGraph, testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { editLinuxLines } from "../loaders/grub-cfg.ts";
import { addConsoles, editWords, wordValues } from "./kernel-words.ts";
import { splitLines, splitLogicalLines } from "./lines.ts";
import { withoutConflicts } from "../names/nic-conflicts.ts";
import { editAssignments } from "./shell-file.ts";
import { installDevice } from "../steps/boot/device-map.ts";
import { isInterfaceName, isMac, renderLink, renderRules } from "../names/nic-pins.ts";
import { resumeName } from "../loaders/devices.ts";
import { renderInittab } from "../steps/consoles/serial-console.ts";
import { editVariable } from "../loaders/sources.ts";
import { isHardwareName, readVolumes } from "../names/volumes.ts";

test("addConsoles() puts the serial line first and the screen last", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["quiet", "quiet console=ttyS0,115200 console=tty0"],
    ["", "console=ttyS0,115200 console=tty0"],
    ["ro quiet \n", "ro quiet console=ttyS0,115200 console=tty0 \n"],
    ["console=tty0 ro", "console=ttyS0,115200 console=tty0 ro"],
    ["console=ttyS1,9600 ro", "console=ttyS0,115200 console=ttyS1,9600 ro console=tty0"],
    ['"console=ttyS1,9600n8" ro', 'console=ttyS0,115200 "console=ttyS1,9600n8" ro console=tty0'],
    ["console=ttyS0 ro", "console=ttyS0 ro"],
    ["console=tty0 console=hvc0", "console=tty0 console=hvc0"],
    ["netconsole=4444@10.0.0.1/eth0", "netconsole=4444@10.0.0.1/eth0 console=ttyS0,115200 console=tty0"],
  ];
  for (const [before, after] of cases) {
    assert.equal(addConsoles(before), after);
    assert.equal(addConsoles(after), after, "twice is once");
  }
});

test("editWords() changes whole words of the given keys, and takes a word out with one blank", () => {
  const upper = (text: string): string =>
    editWords(text, ["root"], (key, value) => (value === "x" ? null : `${key}=${value.toUpperCase()}`));
  assert.equal(upper("a root=/dev/sda1 b"), "a root=/DEV/SDA1 b");
  assert.equal(upper("a root=x b"), "a b");
  assert.equal(upper('"root=x"'), '""');
  assert.equal(upper("nfsroot=/a subroot=/b root=/c\n"), "nfsroot=/a subroot=/b root=/C\n");
  assert.deepEqual(wordValues("console=a xconsole=b console=c", "console"), ["a", "c"]);
});

test("editAssignments() keeps quotes, comments and what it does not know", () => {
  const edit = (text: string): string =>
    editAssignments(text, (name, value) => (name === "A" ? `${value}+` : null));
  assert.equal(edit('A="x y" # why\n'), 'A="x y+" # why\n');
  assert.equal(edit("A='x'\r\n"), "A='x+'\r\n");
  assert.equal(edit(" export A=x\n#A=1\nB=A=2\n"), " export A=x+\n#A=1\nB=A=2\n");
  assert.equal(edit(`A=${" ".repeat(10_000)}x`), `A=${" ".repeat(10_000)}x`);
});

test("editLinuxLines() sees entries in submenus and tells which load an initramfs", () => {
  const text =
    "menuentry 'a' {\n linux /vmlinuz root=x\n initrd /i\n}\nsubmenu 'b' {\n menuentry 'c' {\n  linux16 /vmlinuz-c\n }\n}\n";
  const seen: string[] = [];
  const out = editLinuxLines(text, ({ line, image, hasInitramfs }) => {
    seen.push(`${image} ${hasInitramfs}`);
    return line;
  });
  assert.equal(out, text);
  assert.deepEqual(seen, ["/vmlinuz true", "/vmlinuz-c false"]);
  const xen =
    "multiboot2 /xen.gz\nmodule2 /vmlinuz-5 placeholder root=/dev/sda1\nmodule2 --nounzip /initrd.img-5\n";
  assert.equal(
    editLinuxLines(xen, ({ line, hasInitramfs }) => (hasInitramfs ? line.replace("sda1", "X") : line)),
    xen.replace("sda1", "X"),
  );
});

test("lines joined are the text again", () => {
  for (const text of ["", "a", "a\n", "\n\na\r\nb", "a \\\n b\nc\\"]) {
    assert.equal(splitLines(text).join(""), text);
    assert.equal(splitLogicalLines(text).join(""), text);
  }
});

test("editVariable() changes the assignment that counts, or adds one", () => {
  assert.equal(
    editVariable('GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX="b"\n', "GRUB_CMDLINE_LINUX", addConsoles),
    'GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX="b console=ttyS0,115200 console=tty0"\n',
  );
  assert.equal(
    editVariable("X=1", "GRUB_CMDLINE_LINUX", addConsoles),
    'X=1\nGRUB_CMDLINE_LINUX="console=ttyS0,115200 console=tty0"\n',
  );
});

test("renderInittab() adds a login once, under an id that is free", () => {
  const once = renderInittab("T0:23:respawn:/sbin/mgetty ttyS3\n", { xen: false });
  assert.equal(
    once,
    "T0:23:respawn:/sbin/mgetty ttyS3\np2vS:2345:respawn:/sbin/getty -L ttyS0 115200 vt100\n",
  );
  assert.equal(renderInittab(once, { xen: false }), once);
});

test("names and addresses that could carry more than a name are refused", () => {
  for (const good of ["enp3s0", "eth0", "lan-1", "a", "eno1.10"])
    assert.equal(isInterfaceName(good), true, good);
  for (const bad of ["", "a b", 'x"', "../x", "a/b", "abcdefghijklmnop", "eth0\nRUN", "-x", ".", "%k", "$x"])
    assert.equal(isInterfaceName(bad), false, bad);
  for (const good of ["52:54:00:12:34:56", "00:16:3E:00:00:01"]) assert.equal(isMac(good), true, good);
  for (const bad of [
    "01:00:5e:00:00:01",
    "00:00:00:00:00:00",
    "52:54:00:12:34",
    '52:54:00:12:34:5"',
    "ff:ff:ff:ff:ff:ff",
  ])
    assert.equal(isMac(bad), false, bad);
});

test("pins do not contradict themselves", () => {
  const nic = { name: "eth0", mac: "52:54:00:12:34:56", origin: "guest" as const };
  assert.match(renderLink(nic), /^MACAddress=52:54:00:12:34:56$/m);
  assert.equal(withoutConflicts(renderRules([nic]), [nic]), renderRules([nic]));
});

test("problem 11: resumeName() names the swap by UUID, and none where it is gone", () => {
  const volumes = { volumes: readVolumes(testGuestOS(), testIntent()), style: "UUID=" as const };
  assert.equal(resumeName("/dev/sda2", volumes), "UUID=3f1c2a4e-0000-4000-8000-000000000002");
  assert.equal(resumeName("/dev/sdb1", volumes), "none");
  assert.equal(resumeName("UUID=dead0000-1111-2222-3333-444444444444", volumes), "none");
  assert.equal(resumeName("UUID=3f1c2a4e-0000-4000-8000-000000000002", volumes), null);
  for (const kept of ["none", "auto", "/dev/mapper/vg-swap"]) assert.equal(resumeName(kept, volumes), null);
});

test("a UUID that is there twice names nothing", () => {
  const graph = diskGraph();
  const twin = graph.nodes
    .filter((node) => node.holds.kind === "filesystem")
    .map((node) => ({ ...node, id: "twin" }));
  const storage = { ...graph, nodes: [...graph.nodes, ...twin] };
  const volumes = readVolumes(testGuestOS(), testIntent({ storage }));
  const named = volumes.named("/dev/sda1");
  assert.equal(named.kind, "volume");
  assert.equal(named.kind === "volume" ? volumes.uuidOf(named.node) : "", null);
});

test("the disk that fstab knows by another letter is found under it", () => {
  const mounts = [
    { path: "/", spec: "/dev/sdb1", type: "ext4", options: "", node: "disk:1/part:1/filesystem" },
  ];
  const volumes = readVolumes(testGuestOS({ mounts }), testIntent());
  assert.equal(volumes.named("/dev/sdb2").kind, "volume");
  assert.equal(volumes.named("/dev/sda2").kind, "absent", "sda was another disk");
});

test("hardware names are told from names that hold everywhere", () => {
  for (const name of [
    "/dev/sda1",
    "/dev/nvme0n1p2",
    "/dev/cciss/c0d0p1",
    "/dev/disk/by-id/ata-X-part1",
    "/dev/xvda",
    "/dev/mmcblk0p1",
    "/dev/mapper/mpathap1",
  ])
    assert.equal(isHardwareName(name), true, name);
  for (const name of [
    "UUID=x",
    "/dev/sr0",
    "/dev/mapper/vg-a",
    "/dev/disk/by-uuid/x",
    "/dev/disk/by-id/lvm-pv-uuid-x",
    "/dev/md0",
    "tmpfs",
  ])
    assert.equal(isHardwareName(name), false, name);
});

test("installDevice() finds the disk that grub-pc remembers", () => {
  const stanza = (value: string): string =>
    `Name: grub-pc/install_devices\nTemplate: x\nValue: ${value}\n\nName: z\nValue: /dev/sda\n`;
  assert.equal(installDevice(stanza("/dev/disk/by-id/ata-A, /dev/sdb")), "/dev/disk/by-id/ata-A");
  assert.equal(installDevice(stanza("")), null);
});
