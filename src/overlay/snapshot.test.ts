// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMappedNames } from "../system/index.ts";
import { mappedOf } from "./leftovers.ts";
import { layOut, QCOW2_CLUSTER_BYTES, renderQcow2Header } from "./qcow2-file.ts";
import { parseSnapshotStatus, storeSize } from "./snapshot.ts";
import { areaOffset, CHUNK_BYTES, parseArea, parseStoreHeader, rangesOf } from "./snapshot-store.ts";

function header(fields: readonly number[]): Buffer {
  const bytes = Buffer.alloc(512);
  for (const [index, value] of fields.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

test("a store's header is judged: magic, valid, version, chunk size", () => {
  const magic = 0x70416e53;
  parseStoreHeader(header([magic, 1, 1, 8]));
  assert.throws(() => parseStoreHeader(header([0, 0, 0, 0])), /not the store/);
  assert.throws(() => parseStoreHeader(header([magic, 0, 1, 8])), /not valid/);
  assert.throws(() => parseStoreHeader(header([magic, 1, 2, 8])), /version 2/);
  assert.throws(() => parseStoreHeader(header([magic, 1, 1, 16])), /16 sectors/);
});

test("an area lists chunks until the first that lies nowhere", () => {
  const area = Buffer.alloc(CHUNK_BYTES);
  area.writeBigUInt64LE(7n, 0);
  area.writeBigUInt64LE(2n, 8);
  area.writeBigUInt64LE(0n, 16);
  area.writeBigUInt64LE(3n, 24);
  assert.deepEqual(parseArea(area), {
    chunks: [
      { chunk: 7, at: 2 },
      { chunk: 0, at: 3 },
    ],
    last: true,
  });
  for (let at = 0; at < CHUNK_BYTES; at += 16) area.writeBigUInt64LE(9n, at + 8);
  assert.equal(parseArea(area).last, false);
  assert.equal(areaOffset(0), CHUNK_BYTES);
  assert.equal(areaOffset(1), CHUNK_BYTES * 258);
});

test("stored chunks become ranges, joined and clipped to the disk", () => {
  const chunks = [0, 1, 3].map((chunk) => ({ chunk, at: 2 }));
  assert.deepEqual(rangesOf(chunks, 14_000), [
    { start: 0, end: 8192 },
    { start: 12_288, end: 14_000 },
  ]);
});

test("the store is as large as the disk may need, or four fifths of what is free", () => {
  assert.equal(storeSize(100 * 2 ** 20, 10 * 2 ** 30) > 100 * 2 ** 20, true);
  assert.equal(storeSize(2 ** 40, 100 * 4096), 80 * 4096);
});

test("what dmsetup says", () => {
  assert.deepEqual(parseSnapshotStatus("snapshot 16/2048 8"), { used: 16, total: 2048 });
  assert.equal(parseSnapshotStatus("snapshot Invalid"), null);
  assert.deepEqual(parseMappedNames("p2v-a-view\t(254:0)\nvg-root (254, 1)\n"), ["p2v-a-view", "vg-root"]);
  assert.deepEqual(parseMappedNames("No devices found\n"), []);
});

test("devices of a dead run go from the top down, others stay", () => {
  const names = [
    "p2v-overlay-A-view",
    "p2v-overlay-A-sealed",
    "vg-root",
    "p2v-volumes-B-1-0",
    "p2v-volumes-B-crypt-2",
    "p2v-volumes-B-mirror-1",
    "p2v-volumes-B-10",
    "p2v-overlay-C-view",
  ];
  assert.deepEqual(mappedOf(["/tmp/p2v-overlay-A", "/tmp/p2v-volumes-B"], names), [
    "p2v-volumes-B-10",
    "p2v-volumes-B-crypt-2",
    "p2v-volumes-B-mirror-1",
    "p2v-volumes-B-1-0",
    "p2v-overlay-A-sealed",
    "p2v-overlay-A-view",
  ]);
});

test("a qcow2 is laid out without gap or overlap, and counts itself", () => {
  for (const count of [0, 1, 40_000]) {
    const used = Array.from({ length: count }, (_, index) => index * 3);
    const layout = layOut(2 ** 40, used);
    assert.equal(layout.refcountBlocks, 1 + layout.refcountTableClusters);
    assert.equal(layout.data, layout.l2 + layout.tables.length);
    assert.equal(layout.clusters, layout.data + count);
    assert.ok(layout.refcountBlockClusters * (QCOW2_CLUSTER_BYTES / 2) >= layout.clusters);
  }
  const bytes = renderQcow2Header(1000, layOut(1000, []));
  assert.equal(bytes.readUInt32BE(4), 3);
  assert.equal(bytes.readBigUInt64BE(8), 0n); // no backing file
  assert.equal(bytes.readBigUInt64BE(24), 1024n);
});
