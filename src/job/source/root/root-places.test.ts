// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { withKnown, withSeenSubvolume, withSubvolume } from "./root-places.ts";

test("withSubvolume() gives the root's mount the subvolume that only the boot loader names", () => {
  const holds = { kind: "filesystem", type: "btrfs", uuid: "b7f5", label: null } as const;
  const node = { id: "fs", path: "/dev/sda2", sizeBytes: 2 ** 30, sectorBytes: 512, holds };
  const line = (options: string) => ({ path: "/", spec: "UUID=b7f5", type: "btrfs", options, node: "fs" });
  const given = { node, subvolume: "subvol=@" };
  assert.deepEqual(withSubvolume([line("noatime")], given), [line("noatime,subvol=@")]);
  assert.deepEqual(withSubvolume([line("subvolid=256")], given), [line("subvolid=256")]);
  assert.deepEqual(withSubvolume([], given), [line("subvol=@")]);
  assert.deepEqual(withSubvolume([line("noatime")], { node, subvolume: "" }), [line("noatime")]);
});

test("withSeenSubvolume() passes by a subvolume of fstab's that is gone: the root was seen without it", () => {
  const line = (options: string) => ({ path: "/", spec: "UUID=b7f5", type: "btrfs", options, node: "fs" });
  const seen = {
    node: "fs",
    subvolume: "subvol=@",
    subvolumes: [{ node: "fs", paths: ["@", "@/.snapshots"] }],
  };
  const after = (options: string, more: object = {}): string | undefined =>
    withSeenSubvolume([line(options)], { ...seen, ...more })[0]?.options;
  assert.equal(after("noatime,subvol=@gone"), "noatime,subvol=@");
  assert.equal(after("subvol=/gone", { subvolume: "" }), "defaults");
  for (const options of ["subvol=/@", "subvol=@/.snapshots/", "subvolid=300", "noatime", "subvol=a/b/c/d/e"])
    assert.equal(after(options), options);
  assert.equal(after("subvol=@gone", { subvolumes: [] }), "subvol=@gone");
});

test("withKnown() keeps mounts that an empty directory told of, when it is empty no more", () => {
  const mount = (path: string, options: string) => ({
    path,
    spec: "UUID=1",
    type: "ext4",
    options,
    node: "fs",
  });
  const [boot, usr] = [mount("/boot", "read"), mount("/usr", "known")];
  assert.deepEqual(withKnown([boot], [mount("/boot", "known"), usr]), [boot, usr]);
});
