// SPDX-License-Identifier: Apache-2.0
// Small parsers: DMI strings, clock, MAC addresses, disk names, udev records, device-mapper UUIDs, contents.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAdjtime } from "./clock.ts";
import { holdsOf, partitionOf, tableOf } from "./disks/contents.ts";
import { parseDmUuid, parseLvmName } from "./disks/device-mapper.ts";
import {
  devicePath,
  diskModel,
  isDiskName,
  parseDevno,
  parseVpd80,
  parseWwid,
  parseWwidSerial,
} from "./disks/disk-names.ts";
import { parseDmi, parseDmiUuid } from "./dmi.ts";
import { guessArch } from "./machine.ts";
import { parseUdevRecord, property } from "./disks/udev.ts";

test("parseDmi() takes no placeholder for a fact", () => {
  for (const placeholder of [
    "To Be Filled By O.E.M.",
    "To be filled by O.E.M",
    "System Product Name",
    "System Serial Number",
    "Default string",
    "Not Specified",
    "None",
    "N/A",
    "0000000000",
    "0123456789",
    "123456789",
    "XXXXXXX",
    "..............",
    "empty",
    "OEM",
    "O.E.M.",
    "Unknow",
    "\n",
  ])
    assert.equal(parseDmi(placeholder), null, placeholder);
  for (const fact of [
    "Dell Inc.",
    "PowerEdge R640",
    "7XJ0Q53",
    "X10SLM+-F",
    "1",
    "System x3550 M4",
    "None-Such 3",
  ])
    assert.equal(parseDmi(`${fact}\n`), fact);
});

test("parseDmiUuid() refuses those that boards share", () => {
  assert.equal(
    parseDmiUuid("4C4C4544-0051-3010-8052-B4C04F335931\n"),
    "4c4c4544-0051-3010-8052-b4c04f335931",
  );
  for (const shared of [
    "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "03000200-0400-0500-0006-000700080009",
    "Not Settable",
    null,
  ])
    assert.equal(parseDmiUuid(shared), null, `${shared}`);
});

test("parseAdjtime() reads the third line", () => {
  assert.equal(parseAdjtime("0.0 0 0.0\n0\nUTC\n"), "utc");
  assert.equal(parseAdjtime("0.0 0 0.0\n0\nLOCAL"), "local");
  for (const garbage of ["", "UTC", "0.0 0 0.0\n0\n", "a\nb\nc"]) assert.equal(parseAdjtime(garbage), null);
});

test("isDiskName() keeps every disk, also of odd drivers", () => {
  const disks = [
    "sda",
    "hdc",
    "vdb",
    "xvda",
    "nvme0n1",
    "mmcblk0",
    "cciss!c0d0",
    "pmem0",
    "dasda",
    "md0",
    "dm-3",
    "rssda",
  ];
  assert.deepEqual(disks.filter(isDiskName), disks);
  const others = [
    "loop0",
    "ram1",
    "zram0",
    "sr0",
    "fd0",
    "nbd3",
    "mmcblk0boot1",
    "mmcblk0rpmb",
    "nvme0c1n1",
    "zd16",
  ];
  assert.deepEqual(others.filter(isDiskName), []);
  assert.equal(devicePath("cciss!c0d0"), "/dev/cciss/c0d0");
});

test("diskModel() leaves out vendors that are none", () => {
  assert.equal(diskModel("ATA     \n", "KINGSTON SH103S3\n"), "KINGSTON SH103S3");
  assert.equal(diskModel("DELL    ", "PERC H730\n"), "DELL PERC H730");
  assert.equal(diskModel("HITACHI", "HITACHI HUS72\n"), "HITACHI HUS72");
  assert.equal(diskModel("0x1af4\n", null), "");
});

test("serial numbers are found in VPD page 80h and in a wwid", () => {
  const page = Uint8Array.from([0, 0x80, 0, 20, ...Buffer.from("50026B724B09A1FF    rest")]);
  assert.equal(parseVpd80(page), "50026B724B09A1FF");
  assert.equal(parseVpd80(Uint8Array.from([0, 0x83, 0, 4, 65, 66])), null);
  assert.equal(parseVpd80(Uint8Array.from([0, 0x80, 0xff, 0xff])), null);
  const wwid = `t10.ATA     ${"KINGSTON SH103S3240G".padEnd(40)}${"50026B724B09A1FF".padEnd(20)}\n`;
  assert.equal(parseWwidSerial(wwid), "50026B724B09A1FF");
  assert.equal(parseWwidSerial("naa.5000c500a1b2c3d4"), null);
});

test("parseWwid() takes what is one disk's own only", () => {
  assert.equal(parseWwid("naa.5000C500A1B2C3D4\n"), "naa.5000c500a1b2c3d4");
  assert.equal(parseWwid("naa.600508b1001c0000000000000000001a"), "naa.600508b1001c0000000000000000001a");
  assert.equal(parseWwid("eui.0025385b71b0a1c2"), "eui.0025385b71b0a1c2");
  for (const none of [
    "t10.ATA     KINGSTON",
    "naa.0000000000000000",
    "naa.ffffffffffffffffffffffffffffffff",
    "naa.5000",
    "naa.../../etc/passwd0000",
    "",
    null,
  ])
    assert.equal(parseWwid(none), null, `${none}`);
});

test("parseDevno() takes numbers only", () => {
  assert.equal(parseDevno("259:1\n"), "259:1");
  for (const garbage of ["../../etc", "8:-1", "8", "", null]) assert.equal(parseDevno(garbage), null);
});

test("parseUdevRecord() reads properties, and undoes the escapes of _ENC", () => {
  const found = parseUdevRecord(
    "S:disk/by-uuid/x\nE:ID_FS_LABEL=my_disk\nE:ID_FS_LABEL_ENC=my\\x20disk\\xc3\\xa4\nG:systemd\nE:EMPTY=\n",
  );
  assert.equal(property(found, "ID_FS_LABEL"), "my diskä");
  assert.equal(property(found, "EMPTY"), null);
  assert.equal(property(found, "ID_FS_UUID"), null);
});

test("parseLvmName() undoes doubled dashes", () => {
  assert.equal(parseLvmName("vg_foo.4059-lv_foo.4059"), "vg_foo.4059/lv_foo.4059");
  assert.equal(parseLvmName("my--vg-a--b--c"), "my-vg/a-b-c");
  assert.equal(parseLvmName("vg-root-real"), "vg/root");
  for (const garbage of ["", "vg", "-", "vg-", "-lv"]) assert.equal(parseLvmName(garbage), null, garbage);
});

test("parseDmUuid() knows the makers of volumes", () => {
  const lv = "qnM2y0UBlhvqnWI9c7wnycMqKT4EPnd4";
  const uuid = `LVM-8Bwyu3HKrv5sSNTifv6uCZ5XTkJoMXeD${lv}`;
  assert.deepEqual(parseDmUuid(uuid, "vg-root"), {
    kind: "lvm",
    uuid: "qnM2y0-UBlh-vqnW-I9c7-wnyc-MqKT-4EPnd4",
    name: "vg/root",
    internal: false,
  });
  const internal = (suffix: string, name: string): boolean => {
    const volume = parseDmUuid(uuid + suffix, name);
    return volume.kind === "lvm" && volume.internal;
  };
  assert.ok(internal("-real", "vg-root-real"));
  assert.ok(internal("-tpool", "vg-pool-tpool"));
  assert.ok(internal("", "vg-root_rimage_0"));
  assert.deepEqual(parseDmUuid("part2-mpath-3600508b1", "mpatha2"), { kind: "partition", number: 2 });
  assert.equal(parseDmUuid("mpath-3600508b1", "mpatha").kind, "multipath");
  assert.equal(parseDmUuid("CRYPT-LUKS2-x-y", "y").kind, "crypt");
  assert.equal(parseDmUuid("DMRAID-isw_x", "isw_x").kind, "dmraid");
  assert.equal(parseDmUuid("", "hand-made").kind, "other");
});

const looked = (properties: Readonly<Record<string, string>>) =>
  ({ kind: "looked", properties: new Map(Object.entries(properties)) }) as const;

test("contents tell tables, partitions and file systems", () => {
  assert.equal(tableOf(looked({ ID_PART_TABLE_TYPE: "dos" })), "mbr");
  assert.equal(tableOf(looked({ ID_PART_TABLE_TYPE: "sun" })), "unknown");
  assert.equal(tableOf(looked({})), "none");
  assert.equal(tableOf({ kind: "unknown", why: "no" }), "unknown");
  assert.deepEqual(partitionOf(looked({ ID_PART_ENTRY_TYPE: "0x83", ID_PART_ENTRY_FLAGS: "0x80" })), {
    type: "83",
    uuid: null,
    bootable: true,
  });
  assert.equal(partitionOf(looked({ ID_PART_ENTRY_TYPE: "0xEF" })).bootable, false);
  const esp = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
  const flags = (text: string) => looked({ ID_PART_ENTRY_TYPE: esp, ID_PART_ENTRY_FLAGS: text });
  assert.equal(partitionOf(flags("0x4")).bootable, true);
  assert.equal(partitionOf(flags("0x8000000000000000")).bootable, false);
  assert.equal(partitionOf(flags("garbage")).type, esp.toUpperCase());
  assert.deepEqual(partitionOf({ kind: "unknown", why: "no" }), {
    type: "unknown",
    uuid: null,
    bootable: null,
  });
});

test("contents that nobody could look at are unknown, empty ones are not", () => {
  assert.deepEqual(holdsOf({ kind: "unknown", why: "no" }, null), { kind: "unknown", why: "no" });
  assert.equal(holdsOf(looked({}), null)?.kind, "opaque");
  assert.equal(holdsOf(looked({ ID_PART_TABLE_TYPE: "gpt" }), null), null);
  assert.equal(holdsOf(looked({ ID_FS_AMBIVALENT: "other:x y" }), null)?.kind, "opaque");
  assert.deepEqual(
    holdsOf(looked({ ID_FS_TYPE: "ext4", ID_FS_USAGE: "filesystem", ID_FS_UUID: "u" }), "83"),
    {
      kind: "filesystem",
      type: "ext4",
      uuid: "u",
      label: null,
    },
  );
});

test("guessArch() asks the flags, then the kernel's release", () => {
  assert.equal(guessArch("", new Set(["fpu", "lm"])), "x86_64");
  assert.equal(guessArch("", new Set(["fpu"])), "i686");
  assert.equal(guessArch("Linux version 4.16.15-200.fc27.x86_64 (mock", new Set()), "x86_64");
  assert.equal(guessArch("Linux version 6.1.0-18-amd64 (debian", new Set()), "x86_64");
  assert.equal(guessArch("Linux version 5.4.0-generic (x86_64 cross", new Set()), "unknown");
});
