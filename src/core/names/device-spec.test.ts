// SPDX-License-Identifier: Apache-2.0
// Which kind of name a specification is, by its words alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { diskKey, type DeviceSpec, isHardwareName, parseDeviceSpec } from "./device-spec.ts";

test("parseDeviceSpec() knows tags, written as in fstab or as udev's links", () => {
  const uuid = { kind: "tag", tag: "UUID", value: "5a0f-5c6e" } as const;
  for (const spec of ["UUID=5a0f-5c6e", 'uuid="5a0f-5c6e"', "/dev/disk/by-uuid/5a0f-5c6e"])
    assert.deepEqual(parseDeviceSpec(spec), uuid, spec);
  const label = { kind: "tag", tag: "PARTLABEL", value: "my root" } as const;
  for (const spec of ["PARTLABEL=my root", "/dev/disk/by-partlabel/my\\x20root"])
    assert.deepEqual(parseDeviceSpec(spec), label, spec);
});

test("parseDeviceSpec() knows volumes and arrays by each of their names", () => {
  const volume: DeviceSpec = { kind: "volume", name: "vg-a/root" };
  for (const spec of ["/dev/vg-a/root", "/dev/mapper/vg--a-root", "/dev/disk/by-id/dm-name-vg--a-root"])
    assert.deepEqual(parseDeviceSpec(spec), volume, spec);
  const uuids = `${"g".repeat(32)}${"v".repeat(32)}`;
  assert.deepEqual(parseDeviceSpec(`/dev/disk/by-id/dm-uuid-LVM-${uuids}`), {
    kind: "volume-uuid",
    uuid: "v".repeat(32),
  });
  for (const spec of ["/dev/md0", "/dev/md/0"])
    assert.deepEqual(parseDeviceSpec(spec), { kind: "array", name: "0" }, spec);
});

test("parseDeviceSpec() knows names of the old machine's hardware, and takes the partition from their ends", () => {
  const cases: readonly (readonly [string, DeviceSpec])[] = [
    ["/dev/sdb3", { kind: "hardware", disk: { by: "order", family: "sd", index: 1 }, partition: 3 }],
    [
      "/dev/cciss/c0d1",
      { kind: "hardware", disk: { by: "order", family: "cciss", index: 1 }, partition: null },
    ],
    [
      "/dev/disk/by-id/scsi-36001-part12",
      { kind: "hardware", disk: { by: "link", name: "scsi-36001" }, partition: 12 },
    ],
    [
      "/dev/disk/by-path/pci-0000:00:1f.2-ata-1",
      { kind: "hardware", disk: { by: "link", name: "pci-0000:00:1f.2-ata-1" }, partition: null },
    ],
    [
      "/dev/mapper/mpatha-part2",
      { kind: "hardware", disk: { by: "multipath", name: "mpatha" }, partition: 2 },
    ],
  ];
  for (const [spec, wanted] of cases) {
    assert.deepEqual(parseDeviceSpec(spec), wanted, spec);
    assert.equal(isHardwareName(spec), true, spec);
  }
});

test("parseDeviceSpec() takes no other name for a disk of the machine", () => {
  for (const spec of [
    "tmpfs",
    "server:/export",
    "/dev/sr0",
    "/dev/mapper/cryptroot",
    "/dev/disk/by-id/dm-name-cryptroot",
    "/dev/disk/by-id/lvm-pv-uuid-x",
    "/dev/disk/by-id/md-uuid-1:2:3:4",
  ])
    assert.deepEqual(parseDeviceSpec(spec), { kind: "other" }, spec);
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

test("a device by its numbers is what the kernel calls so", () => {
  const spec = (path: string): string => {
    const parsed = parseDeviceSpec(path);
    return parsed.kind === "hardware"
      ? `${diskKey(parsed.disk)} ${parsed.partition ?? "whole"}`
      : parsed.kind;
  };
  assert.equal(spec("/dev/block/8:1"), "order:sd:0 1");
  assert.equal(spec("/dev/block/8:32"), "order:sd:2 whole");
  assert.equal(spec("/dev/block/22:65"), "order:hd:3 1");
  assert.equal(spec("/dev/block/253:0"), "other");
});

test("partitions of dmraid's volumes, in the words of its versions", () => {
  for (const [spec, name, partition] of [
    ["isw_cbbhgdiebh_Volume0p1", "isw_cbbhgdiebh_Volume0", 1],
    ["isw_cbbhgdiebh_Volume01", "isw_cbbhgdiebh_Volume0", 1],
    ["isw_cbbhgdiebh_Volume012", "isw_cbbhgdiebh_Volume0", 12],
    ["isw_cbbhgdiebh_Volume0", "isw_cbbhgdiebh_Volume0", null],
    ["pdc_bdfcfaebcjp2", "pdc_bdfcfaebcj", 2],
    ["sil_afbbaebdchaf", "sil_afbbaebdchaf", null],
  ] as const)
    assert.deepEqual(parseDeviceSpec(`/dev/mapper/${spec}`), {
      kind: "hardware",
      disk: { by: "firmware-raid", name },
      partition,
    });
});
