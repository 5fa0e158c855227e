// SPDX-License-Identifier: Apache-2.0
// fstab as it is written, and what each of its names means on the disks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryView } from "../../system/index.ts";
import { parseFstab } from "./fstab-lines.ts";
import { findMounts, readMounts } from "./mounts.ts";
import { FS, rootDiskGraph, SWAP } from "../../../tests/support/guests/root-disk.ts";

const PLACE = { graph: rootDiskGraph(), root: "disk:1/part:1/fs" };

async function resolved(fstab: string, place = PLACE): Promise<readonly (string | null)[]> {
  const { mounts } = await readMounts(memoryView({ "/etc/fstab": fstab }), place);
  return mounts.map((mount) => mount.node);
}

test("parseFstab() skips comments and blanks, takes tabs, and undoes octal escapes", () => {
  const text =
    "# c\n\n  /dev/sda1\t/mnt/my\\040disk  ext4\n#/dev/sdb1 /x ext4\nUUID=1 none swap sw,pri=1 0 0\nword\n";
  assert.deepEqual(parseFstab(text), [
    { spec: "/dev/sda1", path: "/mnt/my disk", type: "ext4", options: "defaults" },
    { spec: "UUID=1", path: "none", type: "swap", options: "sw,pri=1" },
  ]);
});

test("parseFstab() gives up above 100,000 lines, and readMounts() says so", async () => {
  const huge = "/dev/sda1 / ext4\n".repeat(100_001);
  assert.throws(() => parseFstab(huge), RangeError);
  const { mounts, problems } = await readMounts(memoryView({ "/etc/fstab": huge }), PLACE);
  assert.deepEqual([mounts, problems.map(({ code }) => code)], [[], ["fstab-too-large"]]);
});

test("readMounts() resolves every kind of name", async () => {
  const fs = "disk:1/part:1/fs";
  const lv = "lv:vg-a/root/fs";
  const cases: readonly (readonly [string, string, string | null])[] = [
    [`UUID=${FS.toUpperCase()}`, "ext4", fs],
    [`UUID="${FS}"`, "ext4", fs],
    [`/dev/disk/by-uuid/${FS}`, "ext4", fs],
    ["LABEL=my\\040root", "ext4", fs],
    ["/dev/disk/by-label/my\\x20root", "ext4", fs],
    ["PARTUUID=00000001-01", "ext4", fs],
    ["PARTLABEL=System\\040Root", "ext4", fs],
    ["/dev/disk/by-partlabel/System\\x20Root", "ext4", fs],
    ["PARTLABEL=Other", "ext4", null],
    ["/dev/mapper/vg--a-root", "xfs", lv],
    ["/dev/vg-a/root", "xfs", lv],
    ["/dev/mapper/vg--a-other", "xfs", null],
    ["/dev/disk/by-id/ata-MAXTOR_6L006L0_A93EQ5ME-part1", "ext3", fs],
    ["/dev/disk/by-path/pci-0000:00:1f.2-ata-1-part1", "ext4", fs],
    ["/dev/cciss/c0d0p1", "auto", fs],
    ["UUID=ffffffff-8d7b-4a53-9a1c-0d6e6f1b2c3d", "ext4", null],
  ];
  for (const [spec, type, id] of cases) assert.deepEqual(await resolved(`${spec} / ${type}`), [id], spec);
  for (const name of ["sda", "hda", "vda", "xvda"])
    assert.deepEqual(await resolved(`/dev/${name}1 / ext4`), [fs], name);
  for (const name of ["nvme0n1p", "mmcblk0p"])
    assert.deepEqual(await resolved(`/dev/${name}1 / ext4`), [fs], name);
});

test("readMounts() takes a name of the old hardware as far as what lies there fits", async () => {
  const [fs, swap] = ["disk:1/part:1/fs", "disk:1/part:5/swap"];
  const cases: readonly (readonly [string, readonly (string | null)[]])[] = [
    ["/dev/sda1 / xfs", [null]], // another type lies there
    ["/dev/sda1 none swap", [null]],
    ["/dev/sda9 / ext4", [null]],
    ["/dev/sdb1 / ext4\n/dev/sdb5 none swap", [fs, swap]], // the root is on it, whatever it was called
    ["/dev/sda1 / ext4\n/dev/nvme0n1p1 /data ext4", [fs, null]],
    ["/dev/sda1 /a ext4\n/dev/nvme0n1p1 /b ext4", [null, null]],
    [`UUID=${FS} / ext4\n/dev/sdc5 none swap`, [fs, swap]], // the only swap there is
    [`UUID=${FS} / ext4\n/dev/sdc5 none swap\n/dev/sdd5 none swap`, [fs, null, null]],
  ];
  for (const [fstab, wanted] of cases) assert.deepEqual(await resolved(fstab), wanted, fstab);
  const twoDisks = { ...PLACE, graph: rootDiskGraph(2) };
  assert.deepEqual(await resolved("/dev/disk/by-path/pci-1-part1 / ext4", twoDisks), [fs]);
});

test("a mount unit counts as a line of fstab does, where something starts it", async () => {
  const unit = "[Mount]\nWhat=/dev/sdq1\nWhere=/srv/x\nType=ext4\n";
  const files = { "/etc/systemd/system/srv-x.mount": unit, "/etc/fstab": `UUID=${FS} / ext4\n` };
  const read = async (more: Record<string, string>): Promise<readonly string[]> =>
    (await readMounts(memoryView({ ...files, ...more }), PLACE)).problems.map(({ text }) => String(text));
  assert.deepEqual(await read({}), []);
  assert.deepEqual(await read({ "/etc/systemd/system/local-fs.target.wants/srv-x.mount": unit }), [
    "/etc/systemd/system/srv-x.mount mounts /dev/sdq1 on /srv/x, and none of the given disks has it",
  ]);
});

test("readMounts() keeps what a disk or server must serve, and names what is not there", () => {
  const { mounts, problems } = findMounts(
    parseFstab(`proc /proc proc
tmpfs /tmp tmpfs
/dev/sr0 /media/cdrom udf,iso9660 noauto
/home /srv none bind
/swapfile none swap
server:/x /nfs nfs _netdev
/dev/sdb1 /backup ext4
/dev/sdc1 /later ext4 nofail
UUID=${SWAP} none swap sw
`),
    rootDiskGraph(),
  );
  assert.deepEqual(
    mounts.map(({ path, node }) => [path, node]),
    [
      ["/nfs", null],
      ["/backup", null],
      ["/later", null],
      ["none", "disk:1/part:5/swap"],
    ],
  );
  assert.deepEqual(
    problems.map(({ code, text }) => [code, text]),
    [
      ["mount-not-found", "fstab mounts /dev/sdb1 on /backup, and none of the given disks has it"],
      [
        "mount-left-behind",
        "fstab mounts /dev/sdc1 on /later, and none of the given disks has it; the VM starts without it, since the line says nofail",
      ],
    ],
  );
});

test("a mount that waits for somebody to ask for it stops no boot, and nothing is written below it; tabs are shown as signs", () => {
  const gone = "UUID=99999999-aaaa-4bbb-8ccc-000000000002";
  const firstOf = (line: string): readonly string[] =>
    findMounts(parseFstab(`${line}\n`), rootDiskGraph()).problems.map(
      ({ text, advice }) => `${text}: ${advice}`,
    );
  const [plain] = firstOf(`${gone} /mnt/a ext4 x-systemd.automount 0 0`);
  assert.match(plain ?? "", /the VM starts, and whatever opens \/mnt\/a gets an error/);
  const [optional] = firstOf(`${gone} /mnt/a ext4 nofail,x-systemd.automount 0 0`);
  assert.doesNotMatch(optional ?? "", /root file system/);
  const [tab] = firstOf("LABEL=a\\011b /mnt/a ext4 nofail 0 0");
  assert.match(tab ?? "", /LABEL=a\?b on/);
});

test("swap of zram is no disk's: nobody misses it", async () => {
  const fstab = `UUID=${FS} / ext4 defaults 0 1\n/dev/zram0 none swap defaults,pri=100 0 0\n/dev/loop7 /snap ext4 defaults 0 0\n`;
  const { mounts, problems } = await readMounts(memoryView({ "/etc/fstab": fstab }), PLACE);
  assert.deepEqual([mounts.map(({ path }) => path), problems], [["/"], []]);
});

test("a line with the wrong type is told what lies there", async () => {
  const spec = "/dev/disk/by-id/ata-MAXTOR_6L006L0_A93EQ5ME-part1";
  const { problems } = await readMounts(
    memoryView({ "/etc/fstab": `${spec} /srv xfs defaults 0 2\n` }),
    PLACE,
  );
  assert.deepEqual(
    problems.map(({ code, text }) => [code, text]),
    [["mount-not-found", `fstab mounts ${spec} on /srv as xfs, and what lies there is ext4`]],
  );
});
