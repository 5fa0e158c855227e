// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDeviceName, parseMultipathName } from "./device-name.ts";

test("problem 10: parseDeviceName() knows disks by letter, number and controller, and their partitions", () => {
  const cases: readonly (readonly [string, string, number, number | null])[] = [
    ["/dev/sda", "sd", 0, null],
    ["/dev/sdb3", "sd", 1, 3],
    ["/dev/sdz1", "sd", 25, 1],
    ["/dev/sdaa1", "sd", 26, 1],
    ["/dev/sdba", "sd", 52, null],
    ["/dev/hdc2", "hd", 2, 2],
    ["/dev/vda1", "vd", 0, 1],
    ["/dev/xvdb10", "xvd", 1, 10],
    ["/dev/nvme0n1", "nvme", 0, null],
    ["/dev/nvme1n1p2", "nvme", 1, 2],
    ["/dev/mmcblk0p1", "mmcblk", 0, 1],
    ["/dev/cciss/c0d1p5", "cciss", 1, 5],
    ["/dev/cciss/c1d0", "cciss", 16, null],
    ["/dev/ida/c0d0p1", "ida", 0, 1],
    ["/dev/rd/c0d2p1", "rd", 2, 1],
  ];
  for (const [path, family, disk, partition] of cases)
    assert.deepEqual(parseDeviceName(path), { family, disk, partition }, path);
});

test("parseDeviceName() takes no other path for a disk", () => {
  for (const path of [
    "",
    "sda1",
    "/dev/sda1x",
    "/dev/sd1",
    "/dev/sdabcd",
    "/dev/sr0",
    "/dev/nvme0",
    "/dev/nvme0p1",
    "/dev/cciss/c0",
    "/dev/mapper/vg-root",
    "/dev/vg/root",
    "/dev/disk/by-id/ata-X",
    "UUID=1",
    "/dev/md0",
  ])
    assert.equal(parseDeviceName(path), null, path);
});

test("problem 12: parseMultipathName() knows each way of naming a partition, and takes no volume for one", () => {
  const cases: readonly (readonly [string, string, number | null])[] = [
    ["/dev/mapper/mpatha", "mpatha", null],
    ["/dev/mapper/mpathap2", "mpatha", 2],
    ["/dev/mapper/mpatha2", "mpatha", 2],
    ["/dev/mapper/mpathab-part3", "mpathab", 3],
    ["/dev/mapper/mpath0p1", "mpath0", 1],
    ["/dev/mapper/3600508b1001c0012-part1", "3600508b1001c0012", 1],
    ["/dev/mapper/3600508b1001c0012_part12", "3600508b1001c0012", 12],
  ];
  for (const [path, disk, partition] of cases)
    assert.deepEqual(parseMultipathName(path), { disk, partition }, path);
  for (const path of [
    "/dev/mapper/vg-root",
    "/dev/mapper/mpath",
    "/dev/mapper/mpath--x-root",
    "/dev/sda1",
    "mpatha",
  ])
    assert.equal(parseMultipathName(path), null, path);
});
