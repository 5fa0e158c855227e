// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlockGraph, BlockNode, Holds, SourceDisk } from "../../../core/index.ts";
import { leaveOutMirrors } from "./left-out.ts";

const disk = (number: number): SourceDisk => ({
  number,
  path: `/dev/sd${"abcd"[number - 1] ?? "x"}`,
  kind: "device",
  sizeBytes: 1000,
  sectorBytes: 512,
});

type Part = readonly [type: string, content: Holds | null];

const MEMBER = (uuid = "aa"): Holds => ({ kind: "md-member", uuid });
const SWAP: Holds = { kind: "swap", uuid: "5a", label: "swap2", hibernated: false };
const FS: Holds = { kind: "filesystem", type: "ext4", uuid: "f5", label: null };
const FAT: Holds = { kind: "filesystem", type: "vfat", uuid: "e5", label: null };
const ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

/** Disks with their partitions; `arrays` names the members that are up to date. */
function graphOf(
  disks: readonly (readonly Part[])[],
  arrays: readonly { readonly uuid: string; readonly members: readonly string[] }[],
): BlockGraph {
  const nodes: BlockNode[] = [];
  const edges: BlockGraph["edges"][number][] = [];
  for (const [index, parts] of disks.entries()) {
    const { path, number } = disk(index + 1);
    const base = { path, sizeBytes: 1000, sectorBytes: 512 };
    nodes.push({
      ...base,
      id: `disk:${number}`,
      holds: { kind: "disk", serial: null, model: "", table: "gpt" },
    });
    for (const [at, [type, content]] of parts.entries()) {
      const id = `disk:${number}/part:${at + 1}`;
      nodes.push({
        ...base,
        id,
        holds: { kind: "partition", number: at + 1, type, uuid: null, bootable: false },
      });
      edges.push({ from: id, to: `disk:${number}`, map: null });
      if (content === null) continue;
      nodes.push({ ...base, id: `${id}/in`, holds: content });
      edges.push({ from: `${id}/in`, to: id, map: null });
    }
  }
  for (const { uuid, members } of arrays) {
    nodes.push({
      id: `md:${uuid}`,
      path: "/dev/sda",
      sizeBytes: 900,
      sectorBytes: 512,
      holds: { kind: "md", uuid, name: uuid, level: "raid1" },
    });
    for (const to of members) edges.push({ from: `md:${uuid}`, to, map: [{ from: 0, to: 8, length: 900 }] });
  }
  return { nodes, edges };
}

const [A1, B1, C1] = ["disk:1/part:1/in", "disk:2/part:1/in", "disk:3/part:1/in"] as const;
const raid: Part = ["FD", MEMBER()];
const leave = (graph: BlockGraph, count: number): ReturnType<typeof leaveOutMirrors> =>
  leaveOutMirrors(
    graph,
    Array.from({ length: count }, (_, index) => disk(index + 1)),
  );

test("the second of two mirrored disks is left out, with its swap; the array keeps one member", () => {
  const graph = graphOf(
    [
      [raid, ["82", null]],
      [raid, ["82", SWAP]],
    ],
    [{ uuid: "aa", members: [A1, B1] }],
  );
  const found = leave(graph, 2);
  assert.deepEqual(found.disks, [disk(1)]);
  assert.deepEqual(found.leftOut, [
    { disk: disk(2), volumes: [{ kind: "swap", uuid: "5a", label: "swap2" }] },
  ]);
  assert.deepEqual(found.arrays, [{ name: "aa", members: [A1] }]);
  assert.ok(found.graph.nodes.every(({ id }) => !id.startsWith("disk:2")));
  assert.deepEqual(
    found.graph.edges.filter(({ from }) => from === "md:aa").map(({ to }) => to),
    [A1],
  );
});

test("of a first disk that was left behind the second one is kept, and becomes the first", () => {
  const found = leave(graphOf([[raid], [raid]], [{ uuid: "aa", members: [B1] }]), 2);
  assert.deepEqual(found.disks, [{ ...disk(2), number: 1 }]);
  assert.deepEqual(found.arrays, [{ name: "aa", members: [A1] }]); // the one left behind is counted in it
  assert.deepEqual(
    found.graph.edges.filter(({ from }) => from === "md:aa").map(({ to }) => to),
    [A1],
  );
});

test("a disk with anything that no other has is kept, and it is said why", () => {
  const array = [{ uuid: "aa", members: [A1, B1] }];
  const own: readonly Part[] = [
    ["83", FS],
    ["8e", { kind: "lvm-pv", uuid: "bb" }],
    ["83", { kind: "luks", uuid: "cc" }],
    ["83", { kind: "opaque", why: "no known content" }],
    ["FD", MEMBER("dd")],
    [ESP, FAT],
  ];
  for (const part of own) {
    const { disks, reasons } = leave(
      graphOf(
        [
          [raid, ["83", FS]],
          [raid, part],
        ],
        array,
      ),
      2,
    );
    assert.equal(disks.length, 2, JSON.stringify(part));
    assert.match(reasons[0] ?? "", /^\/dev\/sdb: .*disk:2\/part:2/);
  }
});

test("a copy of the EFI partition goes where another disk has one, a BIOS boot partition always", () => {
  const bios: Part = [
    "21686148-6449-6E6F-744E-656564454649",
    { kind: "opaque", why: "BIOS boot partition: boot code of GRUB" },
  ];
  const esp: Part = [ESP, FAT];
  const graph = graphOf(
    [
      [raid, esp],
      [raid, esp, bios],
    ],
    [{ uuid: "aa", members: [A1, B1] }],
  );
  assert.deepEqual(
    leave(graph, 2).leftOut.map(({ volumes }) => volumes),
    [[{ kind: "filesystem", uuid: "e5", label: null }]],
  );
});

test("three members, of which the middle one holds more: two stay, by new numbers", () => {
  const graph = graphOf([[raid], [raid, ["83", FS]], [raid]], [{ uuid: "aa", members: [A1, B1, C1] }]);
  const found = leave(graph, 3);
  assert.deepEqual(found.disks, [{ ...disk(2), number: 1 }]);
  assert.deepEqual(found.arrays, [{ name: "aa", members: [A1] }]);
  assert.ok(found.graph.nodes.some(({ id }) => id === "disk:1/part:2/in"));
});

test("without mirrors nothing is left out", () => {
  const found = leave(graphOf([[["83", FS]], [["83", FS]]], []), 2);
  assert.deepEqual([found.disks.length, found.leftOut, found.reasons], [2, [], []]);
});
