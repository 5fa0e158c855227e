// SPDX-License-Identifier: Apache-2.0
// Which lines of fstab are expected to miss their volume, since its disk is left out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LeftOutDisk, makeProblem, type MountSubject } from "../../core/index.ts";
import { isExpected } from "./mirrors.ts";

const mount = (spec: string, path = "/x", type = "ext4"): MountSubject => ({
  kind: "mount",
  spec,
  path,
  type,
});
const notFound = (about: MountSubject): ReturnType<typeof makeProblem> =>
  makeProblem("mount-not-found", { about: [about], text: "It is not there", advice: "Give it too" });

const leftOut = (volume: LeftOutDisk["volumes"][number]): readonly LeftOutDisk[] => [
  {
    disk: { number: 2, path: "/dev/sdb", kind: "device", sizeBytes: 2 ** 30, sectorBytes: 512 },
    volumes: [volume],
  },
];
const SWAP = leftOut({ kind: "swap", uuid: "5a5a", label: "swap2" });
const ESP = leftOut({ kind: "filesystem", uuid: "E5E5-0002", label: null });

test("a mount of what only the left out disk has is expected to miss", () => {
  assert.ok(isExpected(notFound(mount("UUID=5a5a", "none", "swap")), SWAP));
  assert.ok(isExpected(notFound(mount("LABEL=swap2", "none", "swap")), SWAP));
  assert.ok(isExpected(notFound(mount("/dev/sdb2", "none", "swap")), SWAP));
  assert.ok(isExpected(notFound(mount("UUID=E5E5-0002", "/boot/efi2", "vfat")), ESP));
});

test("any other one is reported, whatever its path is called", () => {
  assert.ok(!isExpected(notFound(mount("/dev/sdb3")), SWAP), "a file system, where swap was lost");
  assert.ok(!isExpected(notFound(mount("/dev/sdb2", "none", "swap")), ESP));
  assert.ok(!isExpected(notFound(mount("UUID=other", "/srv/ UUID=E5E5-0002 ")), ESP));
  assert.ok(!isExpected(makeProblem("md-degraded", { about: [], text: "", advice: "" }), SWAP));
});
