// SPDX-License-Identifier: Apache-2.0
// Volume groups by their metadata text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { vgText } from "../../../../tests/support/disks/volume-samples.ts";
import { assembleGroups, dashedUuid, type FoundPv } from "./lvm.ts";
import { parseLvmText } from "./text.ts";
import { parseVolumeGroup } from "./vg.ts";

const MIB = 2 ** 20;
const [PV0, PV1] = ["yatanad2IvbWnbp1n7dg5WElim09mAkS", "oP28EOiwtSbYotLPhoqwp90aH406ZeA3"];

function volume(name: string) {
  const found = parseVolumeGroup(vgText).volumes.find((one) => one.name === name);
  assert.ok(found);
  return found;
}

test("parseLvmText() reads sections, lists, strings with quotes, numbers and comments", () => {
  const text = 'a { b = "x \\"y\\" \\\\ # z" # comment\n c=[1,"two" , -3] d = 1.5 }\ne{}';
  assert.deepEqual(
    parseLvmText(text),
    new Map<string, unknown>([
      [
        "a",
        new Map<string, unknown>([
          ["b", 'x "y" \\ # z'],
          ["c", [1, "two", -3]],
          ["d", 1.5],
        ]),
      ],
      ["e", new Map()],
    ]),
  );
});

test("a linear volume is mapped segment by segment", () => {
  const { pieces, sizeBytes, needed } = volume("root");
  assert.deepEqual([sizeBytes, needed], [64 * MIB, false]);
  assert.deepEqual(pieces, [
    { pv: PV0, from: 0, to: 1 * MIB, length: 24 * MIB },
    { pv: PV0, from: 24 * MIB, to: 33 * MIB, length: 28 * MIB },
    { pv: PV1, from: 52 * MIB, to: 9 * MIB, length: 12 * MIB },
  ]);
});

test("a striped volume goes from disk to disk, stripe by stripe", () => {
  const { pieces, sizeBytes } = volume("str");
  assert.ok(!("why" in pieces));
  assert.equal(pieces.length, (16 * MIB) / 65_536);
  assert.equal(sizeBytes, 16 * MIB);
  assert.deepEqual(pieces.slice(0, 3), [
    { pv: PV0, from: 0, to: 25 * MIB, length: 65_536 },
    { pv: PV1, from: 65_536, to: 1 * MIB, length: 65_536 },
    { pv: PV0, from: 131_072, to: 25 * MIB + 65_536, length: 65_536 },
  ]);
});

test("a mirrored volume says why it is not mapped, and which disks it needs", () => {
  const { pieces, pvs, visible } = volume("mir");
  assert.deepEqual(pieces, { why: "it has a segment of type raid1" });
  assert.deepEqual([...pvs].toSorted(), [PV0, PV1].toSorted());
  assert.deepEqual([visible, volume("mir_rimage_0").visible], [true, false]);
});

test("a snapshot's origin is needed by others", () => {
  assert.deepEqual(
    ["base", "snap", "root", "mir_rimage_0"].map((name) => volume(name).needed),
    [true, true, false, true],
  );
});

test("all extents of all volumes are taken, also of hidden ones", () => {
  const { pvs } = parseVolumeGroup(vgText);
  assert.deepEqual(
    pvs.map(({ extents, taken }) => ({
      extents,
      taken: taken.map(({ start, end }) => [(start / MIB - 1) / 4, (end / MIB - 1) / 4]),
    })),
    [
      {
        extents: { start: MIB, end: 121 * MIB },
        taken: [
          [0, 15],
          [16, 19],
        ],
      },
      {
        extents: { start: MIB, end: 121 * MIB },
        taken: [
          [0, 5],
          [16, 19],
          [20, 22],
        ],
      },
    ],
  );
});

test("extents that are named in an unknown way take the whole physical volume", () => {
  const text = vgText.replace('type = "snapshot"', 'type = "new" place = "pv0"');
  const [pv0] = parseVolumeGroup(text).pvs;
  assert.deepEqual(pv0?.taken, [pv0?.extents]);
});

const pv = (uuid: string, node: string, text = vgText): FoundPv => ({
  node,
  label: { uuid, sizeBytes: 200 * MIB, texts: text === "" ? [] : [text] },
});

const codes = (pvs: readonly FoundPv[]) => {
  const { groups, problems } = assembleGroups(pvs);
  const own = problems.filter(({ code }) => code !== "lvm-volume-has-snapshot");
  return {
    whole: groups.map((group) => group.whole),
    codes: own.map(({ code }) => code),
    texts: own.map(({ text }) => text),
  };
};

test("a volume group is whole when all its disks are there, also one that keeps no metadata", () => {
  assert.deepEqual(codes([pv(PV0, "a"), pv(PV1, "b", "")]), { whole: [true], codes: [], texts: [] });
});

test("problem 14: a missing disk is named by the UUID that LVM prints", () => {
  const found = codes([pv(PV0, "a")]);
  assert.deepEqual([found.whole, found.codes], [[false], ["lvm-pv-missing"]]);
  assert.match(found.texts.join(), /oP28EO-iwtS-bYot-LPho-qwp9-0aH4-06ZeA3/);
});

test("problem 25: a disk that is there twice is not guessed", () => {
  assert.deepEqual(codes([pv(PV0, "a"), pv(PV1, "b"), pv(PV1, "c")]).codes, ["lvm-pv-twice"]);
});

test("of metadata of different age the newest count, and no byte is left out", () => {
  const old = vgText.replace("seqno = 4", "seqno = 3");
  const found = codes([pv(PV0, "a", old), pv(PV1, "b")]);
  assert.deepEqual([found.whole, found.codes], [[false], ["lvm-metadata-differ"]]);
  assert.equal(assembleGroups([pv(PV0, "a", old), pv(PV1, "b")]).groups[0]?.group.seqno, 4);
});

test("metadata that cannot be read are told", () => {
  assert.deepEqual(codes([pv(PV0, "a", "vg0 {")]).codes, ["lvm-metadata-damaged"]);
});

test("dashedUuid() writes as LVM does", () => {
  assert.equal(dashedUuid(PV0), "yatana-d2Iv-bWnb-p1n7-dg5W-Elim-09mAkS");
});
