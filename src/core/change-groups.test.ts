// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupChanges } from "./change-groups.ts";

const change = (path: string, step = "drivers"): Parameters<typeof groupChanges>[0][number] => ({
  step,
  why: "kernel",
  path,
  after: { kind: "absent" },
});

test("groupChanges() tells what a package brought by directory, and few changes one by one", () => {
  const files = Array.from({ length: 30 }, (_, index) =>
    change(`/lib/modules/6.1/kernel/drivers/${index}.ko`),
  );
  const groups = groupChanges([
    change("/etc/fstab", "fstab"),
    ...files,
    change("/boot/vmlinuz-6.1"),
    change("/etc/x", "x"),
  ]);
  assert.deepEqual(
    groups.map((group) => (group.kind === "one" ? [group.change.path] : [group.count, ...group.places])),
    [["/etc/fstab"], [31, ["/lib/modules/6.1/kernel", 30], ["/boot", 1]], ["/etc/x"]],
  );
});
