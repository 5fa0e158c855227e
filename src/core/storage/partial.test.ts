// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockGraph, Holds } from "../machine.ts";
import { partialVolume, partialVolumes } from "./partial.ts";

const node = (id: string, holds: Holds) => ({ id, path: "x", sizeBytes: 1, sectorBytes: 512, holds });
const volume = (name: string, of?: "volume" | "group"): Holds => ({
  kind: "lvm-lv",
  uuid: name,
  name,
  ...(of === undefined ? {} : { missing: { pvs: ["PV-1"], of } }),
});

test("a file system on a volume that lies on a missing physical volume is found out, also in a circle", () => {
  const fs: Holds = { kind: "filesystem", type: "ext4", uuid: "1", label: null };
  const graph: BlockGraph = {
    nodes: [
      node("a", volume("vg/a", "volume")),
      node("b", volume("vg/b")),
      node("c", volume("vg/c", "group")),
      node("fs", fs),
    ],
    edges: [
      { from: "fs", to: "a", map: null },
      { from: "a", to: "fs", map: null },
    ],
  };
  assert.deepEqual(partialVolume(graph, "fs"), { name: "vg/a", missing: { pvs: ["PV-1"], of: "volume" } });
  assert.equal(partialVolume(graph, "b"), null);
  assert.equal(partialVolume(graph, "c")?.missing.of, "group");
  assert.deepEqual(
    partialVolumes(graph).map(({ name }) => name),
    ["vg/a"],
  );
});
