// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { diskGraph, testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { isHardwareName, readVolumes } from "./volumes.ts";

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
