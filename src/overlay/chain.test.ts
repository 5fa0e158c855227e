// SPDX-License-Identifier: Apache-2.0
// The chain of block nodes: what is writable in it, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceDisk } from "../core/index.ts";
import { chainOf } from "./chain.ts";

const disk: SourceDisk = { number: 1, path: "/x.img", kind: "file", sizeBytes: 2 ** 20, sectorBytes: 512 };

test("every node below the writable layer is read-only, and discards are refused above it", () => {
  const { nodes, top } = chainOf(disk, [
    { storePath: "/a", writable: false },
    { storePath: "/b", writable: true },
  ]);
  const writable = nodes.filter((node) => node["read-only"] === false).map((node) => node["node-name"]);
  assert.deepEqual(writable, ["layer-1-file", "layer-1"]);
  assert.equal(nodes.find((node) => node["node-name"] === "layer-1")?.["backing"], "layer-0");
  assert.equal(nodes.find((node) => node["node-name"] === "layer-0")?.["backing"], "source");
  assert.equal(nodes.find((node) => node["node-name"] === top)?.["driver"], "blkdebug");
  const device = chainOf({ ...disk, kind: "device" }, []);
  assert.deepEqual([device.nodes[0]?.["driver"], device.top], ["host_device", "source"]);
  assert.ok(device.nodes.every((node) => node["read-only"] === true));
});
