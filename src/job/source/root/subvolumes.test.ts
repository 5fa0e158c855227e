// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { hasSubvolume } from "../../../core/index.ts";
import { withMounted } from "./subvolumes.ts";

test("a subvolume by its number is there where it was mounted", () => {
  const mount = (path: string, options: string, node = "fs") => {
    return { path, spec: "UUID=1", type: "btrfs", options, node };
  };
  const mounts = [
    mount("/", "subvol=@"),
    mount("/home", "noatime,subvolid=300"),
    mount("/srv", "subvolid=301"),
    mount("/opt", "subvolid=302", "other"),
  ];
  const [only, ...more] = withMounted([{ node: "fs", paths: ["@"] }], mounts, [{ path: "/srv" }]);
  assert.deepEqual([only?.paths, more], [["@", "subvolid=300"], []]);
  const known = only?.paths ?? [];
  assert.deepEqual(
    ["subvolid=300", "subvolid=301", "subvolid=5", "subvol=/@", "subvol=@x", "subvol=a/b/c/d/e"].map((word) =>
      hasSubvolume(word, known),
    ),
    [true, null, true, true, false, null],
  );
});
