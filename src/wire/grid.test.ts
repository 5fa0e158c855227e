// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createHash, hash } from "node:crypto";
import { test } from "node:test";
import {
  cellAt,
  cellCount,
  cellRange,
  cellsOf,
  MAX_CELLS,
  segmentBytesFor,
  zeroEntries,
  zeroHash,
} from "./grid.ts";
import { diskFiles } from "./names.ts";
import { RootHash } from "./root.ts";

const MIB = 2 ** 20;
const grid = { sizeBytes: 3 * MIB + 512, segmentBytes: MIB };

test("segmentBytesFor() keeps the hashes of a disk within 256 MiB, up to 64 TiB", () => {
  assert.equal(segmentBytesFor(1), MIB);
  assert.equal(segmentBytesFor(4 * 2 ** 30), MIB);
  assert.equal(segmentBytesFor(4 * 2 ** 30 + 1), 4 * MIB);
  assert.equal(segmentBytesFor(32 * 2 ** 40), 4 * MIB);
  assert.equal(segmentBytesFor(32 * 2 ** 40 + 1), 8 * MIB);
  assert.equal(segmentBytesFor(64 * 2 ** 40), 8 * MIB);
  assert.ok(
    cellCount({ sizeBytes: 128 * 2 ** 40, segmentBytes: segmentBytesFor(128 * 2 ** 40) }) <= MAX_CELLS,
  );
});

test("the last cell is as long as what is left", () => {
  assert.equal(cellCount(grid), 4);
  assert.deepEqual(cellRange(grid, 3), { start: 3 * MIB, end: 3 * MIB + 512 });
});

test("cellAt() accepts exactly the cells", () => {
  assert.equal(cellAt(grid, { start: MIB, end: 2 * MIB }), 1);
  assert.equal(cellAt(grid, { start: 3 * MIB, end: 3 * MIB + 512 }), 3);
  for (const [start, end] of [
    [MIB, 2 * MIB - 1],
    [1, MIB],
    [3 * MIB, 4 * MIB],
    [4 * MIB, 5 * MIB],
    [-MIB, 0],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [0, 2 * MIB],
  ] as const)
    assert.equal(cellAt(grid, { start, end }), null, `${start}-${end}`);
});

test("cellsOf() accepts whole cells and the end of the disk", () => {
  assert.deepEqual(cellsOf(grid, { start: MIB, end: 3 * MIB }), { first: 1, last: 3 });
  assert.deepEqual(cellsOf(grid, { start: 0, end: grid.sizeBytes }), { first: 0, last: 4 });
  for (const [start, end] of [
    [0, 0],
    [MIB, MIB],
    [2 * MIB, MIB],
    [0, 4 * MIB],
    [512, MIB],
    [0, MIB + 512],
    [4 * MIB, 5 * MIB],
  ] as const)
    assert.equal(cellsOf(grid, { start, end }), null, `${start}-${end}`);
});

test("zeroHash() and zeroEntries() are SHA-256 of zeros, the last cell's own included", () => {
  const of = (length: number): string => hash("sha256", Buffer.alloc(length), "hex");
  assert.equal(zeroHash(5000).toString("hex"), of(5000));
  assert.equal(zeroHash(MIB + 1).toString("hex"), of(MIB + 1));
  assert.equal(zeroEntries(grid, 2, 4).toString("hex"), of(MIB) + of(512));
  assert.equal(zeroEntries(grid, 1, 1).length, 0);
});

test("RootHash is the same in any order, and knows what is missing", () => {
  const cell = Buffer.alloc(32, 7);
  const want = createHash("sha256")
    .update(zeroEntries(grid, 0, 2))
    .update(cell)
    .update(zeroEntries(grid, 3, 4))
    .digest("hex");
  const root = new RootHash(grid);
  root.zeros(3, 4);
  root.cell(2, cell);
  assert.throws(() => root.digest(), /Cell 0 is not known/);
  root.zeros(0, 2);
  assert.throws(() => root.cell(1, cell), RangeError);
  assert.equal(root.digest(), want);
});

test("diskFiles() names the four files, and no name leaves the directory", () => {
  assert.deepEqual(diskFiles("web-1.img"), {
    image: "web-1.img",
    hashes: "web-1.hashes",
    partialImage: "web-1.img.partial",
    partialHashes: "web-1.hashes.partial",
  });
  assert.equal(diskFiles("a.qcow2").hashes, "a.hashes");
  for (const name of ["", ".", "..", ".x", "a/b", "../a", "-x", "a\0b", "a b", "a\n", "ü", "a".repeat(129)])
    assert.throws(() => diskFiles(name), RangeError, JSON.stringify(name));
});
