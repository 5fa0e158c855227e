// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockGraph, BlockNode } from "../../core/index.ts";
import { withSkipped } from "./skipped.ts";

const node = (id: string, type: string): BlockNode => ({
  id,
  path: "/dev/sda",
  sizeBytes: 2 ** 30,
  sectorBytes: 512,
  holds: { kind: "filesystem", type, uuid: id, label: null },
});

test("a file system that no system lies on is told of, and not warned of", () => {
  const types = ["ntfs", "exfat", "bcachefs", "ext4"];
  const storage: BlockGraph = { nodes: types.map((type) => node(type, type)), edges: [] };
  const mounts = types.map((type) => ({
    path: `/srv/${type}`,
    spec: `UUID=${type}`,
    type: "auto",
    options: "nofail",
    node: type,
  }));
  const skipped = types.map((type) => ({ path: `/srv/${type}`, why: "it is not mounted" }));
  assert.deepEqual(
    withSkipped([], skipped, { mounts, storage }).map(({ code, severity }) => [code, severity]),
    [
      ["mount-skipped", "notes"],
      ["mount-skipped", "notes"],
      ["mount-skipped", "warns"],
      ["mount-skipped", "warns"],
    ],
  );
});
