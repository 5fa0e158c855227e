// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { diskGraph, testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";
import { readVolumes } from "./volumes.ts";

test("a UUID that is there twice names nothing", () => {
  const graph = diskGraph();
  const twin = graph.nodes
    .filter((node) => node.holds.kind === "filesystem")
    .map((node) => ({ ...node, id: "twin" }));
  const storage = { ...graph, nodes: [...graph.nodes, ...twin] };
  const volumes = readVolumes(testGuestOS(), testIntent({ storage }));
  const named = volumes.named("/dev/sda1");
  assert.equal(named.kind, "volume");
  assert.equal(named.kind === "volume" ? volumes.uuidOf(named.node) : "", null);
});

test("the disk that fstab knows by another letter is found under it", () => {
  const known = [{ key: "order:sd:1", disk: "disk:1", because: "proven" }] as const;
  const volumes = readVolumes(testGuestOS({ names: { known, unclear: [] } }), testIntent());
  assert.equal(volumes.named("/dev/sdb2").kind, "volume");
  assert.equal(volumes.named("/dev/sda2").kind, "absent", "sda was another disk");
});
