// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockGraph, BlockNode } from "../../core/index.ts";
import { unopenedVolumes } from "./unopened.ts";

function graphOf(volumes: Readonly<Record<string, string>>): BlockGraph {
  const base = { path: "/dev/sda", sizeBytes: 2 ** 30, sectorBytes: 512 };
  const nodes: BlockNode[] = [];
  const edges: BlockGraph["edges"][number][] = [];
  for (const [name, why] of Object.entries(volumes)) {
    const id = `lv:${name}`;
    nodes.push({ ...base, id, holds: { kind: "lvm-lv", uuid: "u", name } });
    const content = why === "" ? ({ content: "none-known" } as const) : {};
    nodes.push({ ...base, id: `${id}/opaque`, holds: { kind: "opaque", why, ...content } });
    edges.push({ from: `${id}/opaque`, to: id, map: null });
  }
  return { nodes, edges };
}

test("volumes of LVM that are not opened are told by their kind, and stop where no system is found", () => {
  const storage = graphOf({
    "sys/root": "it has a segment of type cache",
    "sys/home": "it has a segment of type cache",
    "sys/var": "it has a segment of type thin",
    "sys/old": "a physical volume of it is missing",
    "sys/pool": "it has a segment of type thin-pool",
    "sys/swap": "",
  });
  const found = unopenedVolumes(storage, { hasGuest: false });
  assert.deepEqual(
    found.map(({ severity, text }) => [severity, String(text).replace(/; no installed.*/, "")]),
    [
      ["stops", "The logical volumes sys/root, sys/home cannot be opened here: it has a cache (dm-cache)"],
      ["stops", "The logical volume sys/var cannot be opened here: it is thin-provisioned"],
      ["stops", "The logical volume sys/old cannot be opened here: a physical volume of it is missing"],
    ],
  );
  assert.match(String(found[0]?.advice), /lvconvert --splitcache.*\. With --as-is/);
  assert.deepEqual(
    unopenedVolumes(storage, { hasGuest: true }).map(({ severity }) => severity),
    ["notes", "notes", "notes"],
  );
});
