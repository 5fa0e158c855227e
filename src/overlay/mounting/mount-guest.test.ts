// SPDX-License-Identifier: Apache-2.0
// In which order a guest's file systems are mounted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrderOfDepth } from "./mount-guest.ts";

test("inOrderOfDepth() mounts parents first and leaves out the root", () => {
  const mount = (path: string) => ({ path, node: "n", type: "ext4", options: "" });
  const paths = inOrderOfDepth(["/boot/efi", "/", "/var/lib/x", "/boot", "//var/"].map(mount)).map(
    ({ path }) => path,
  );
  assert.deepEqual(paths, ["/boot", "//var/", "/boot/efi", "/var/lib/x"]);
});
