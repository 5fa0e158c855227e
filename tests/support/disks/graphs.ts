// SPDX-License-Identifier: Apache-2.0
// The block graph of disks in a test.
import assert from "node:assert/strict";
import { type TestContext } from "node:test";
import { type BlockGraph, findNode } from "../../../src/core/index.ts";
import { openSourceDisk, readDiskGraph } from "../../../src/inspect/storage/index.ts";

export async function graphOf(t: TestContext, ...paths: readonly string[]) {
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  return { disks, ...(await readDiskGraph(disks, { signal: t.signal })) };
}

export function holdsOf(graph: BlockGraph, id: string) {
  const node = findNode(graph, id);
  assert.ok(node, `${id} is in ${graph.nodes.map((one) => one.id).join(" ")}`);
  return node.holds;
}
