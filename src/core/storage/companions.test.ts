// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockNode } from "../machine.ts";
import { companionsOf, isLaterDevice, isOldDevice } from "./companions.ts";

const at = (id: string, holds: BlockNode["holds"]): BlockNode => ({
  id,
  path: "/dev/sda",
  sizeBytes: 2 ** 30,
  sectorBytes: 512,
  holds,
});
const btrfs = (id: string, own: number, count = 3, uuid = "b7f5", generation = 9): BlockNode =>
  at(id, { kind: "filesystem", type: "btrfs", uuid, label: null, devices: { count, own, generation } });
const graphOf = (...nodes: readonly BlockNode[]) => ({ nodes, edges: [] });
const whyMissing = (nodes: readonly BlockNode[]): string => {
  const [first] = nodes;
  const found = first === undefined ? null : companionsOf(graphOf(...nodes), first);
  return found?.kind === "missing" ? found.why : "";
};

test("a btrfs over several devices needs them all, and is told by the first", () => {
  const [a, b, c, other] = [btrfs("a", 2), btrfs("b", 1), btrfs("c", 3), btrfs("d", 1, 2, "other")];
  const graph = graphOf(a, other, b, c);
  assert.deepEqual(companionsOf(graph, a), { kind: "here", log: null, devices: ["b", "c"] });
  assert.deepEqual(companionsOf(graph, c), { kind: "here", log: null, devices: ["a", "b"] });
  assert.deepEqual(
    [a, b, c, other].map((one) => isLaterDevice(graph, one)),
    [false, true, true, false],
  );
});

test("missing devices of a btrfs are named by their numbers where these have no gaps", () => {
  assert.match(whyMissing([btrfs("a", 1)]), /over 3 devices, and 2 of them are not given \(devid 2, 3\)$/);
  assert.match(whyMissing([btrfs("a", 1), btrfs("b", 7)]), /1 of them is not given$/, "devid 2 was replaced");
  assert.match(whyMissing([btrfs("a", 1, 2), btrfs("b", 1, 2)]), /there twice \(a, b\)/, "a clone beside it");
  assert.match(whyMissing([btrfs("a", 1, 2 ** 50)]), /devices, and \d+ of them are not given$/);
});

test("a log on another volume is found by its UUID, and only where there is one of it", () => {
  const xfs = at("x", { kind: "filesystem", type: "xfs", uuid: "AB", label: null, externalLog: "AB" });
  const log = (id: string, logUuid: string): BlockNode => at(id, { kind: "opaque", why: "log", logUuid });
  assert.deepEqual(companionsOf(graphOf(xfs, log("l", "ab"), log("m", "cd")), xfs), {
    kind: "here",
    log: "l",
    devices: [],
  });
  assert.match(whyMissing([xfs, log("m", "cd")]), /not given/);
  assert.match(whyMissing([xfs, log("l", "ab"), log("m", "ab")]), /twice \(l, m\)/);
  assert.match(
    whyMissing([at("x", { kind: "filesystem", type: "xfs", uuid: "AB", label: null, realtime: true })]),
    /realtime/,
  );
});

test("a device that was replaced and is still there is not the one", () => {
  const [old, a, b] = [btrfs("old", 2, 2, "u", 5), btrfs("a", 1, 2, "u"), btrfs("b", 2, 2, "u")];
  const graph = graphOf(old, a, b);
  assert.deepEqual(companionsOf(graph, a), { kind: "here", log: null, devices: ["b"] });
  assert.deepEqual(
    [old, a, b].map((one) => isOldDevice(graph, one)),
    [true, false, false],
  );
  assert.deepEqual(
    [old, a, b].map((one) => isLaterDevice(graph, one)),
    [true, false, true],
  );
});
