// SPDX-License-Identifier: Apache-2.0
// Tests of the threads that hash and pack cells.
import assert from "node:assert/strict";
import { hash, randomFillSync } from "node:crypto";
import { test } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { sharedBytes } from "./buffer-pool.ts";
import { cellThreads, CellThreads } from "./cell-threads.ts";

const CELL = 2 ** 20;
const text = Buffer.alloc(CELL, "what shrinks, shrinks; ");
const noise = randomFillSync(Buffer.alloc(CELL));

test("pack(): hash and zstd of what shrinks; what does not shrink stays; what is known is not packed", async () => {
  const into = sharedBytes(Buffer.alloc(CELL));
  const { codec, packedBytes, sha256 } = await cellThreads().pack(sharedBytes(text), into, {
    level: 1,
    known: null,
  });
  assert.deepEqual([codec, sha256], ["zstd", hash("sha256", text, "buffer")]);
  assert.deepEqual(zstdDecompressSync(Buffer.from(into.subarray(0, packedBytes))), text);

  const random = await cellThreads().pack(sharedBytes(noise), into, { level: 1, known: null });
  assert.deepEqual([random.codec, random.packedBytes], ["none", 0]);
  const known = await cellThreads().pack(sharedBytes(text), into, { level: 1, known: sha256 });
  assert.equal(known.codec, "same");
  const zeros = Buffer.alloc(CELL + 4096);
  assert.deepEqual(await cellThreads().hash(sharedBytes(zeros)), hash("sha256", zeros, "buffer"));
  zeros.writeUInt8(1, CELL + 4095);
  assert.deepEqual(await cellThreads().hash(sharedBytes(zeros)), hash("sha256", zeros, "buffer"));
  const plain = await cellThreads().pack(sharedBytes(text), into, { level: null, known: null });
  assert.equal(plain.codec, "none");
});

test("unpack(): only what fills its cell exactly", async () => {
  const packed = sharedBytes(zstdCompressSync(text));
  const into = sharedBytes(Buffer.alloc(CELL));
  assert.equal(await cellThreads().unpack(packed, into), true);
  assert.equal(Buffer.compare(into, text), 0);
  for (const [bytes, size] of [
    [packed, CELL - 1], // more than fits: a bomb
    [packed, CELL + 1],
    [packed.subarray(0, packed.length - 3), CELL],
    [sharedBytes(noise), CELL],
  ] as const)
    assert.equal(await cellThreads().unpack(bytes, sharedBytes(Buffer.alloc(size))), false);
});

test("many at once are answered each with its own; after the end all are refused", async () => {
  await using threads = new CellThreads(3);
  const cells = Array.from({ length: 200 }, (_, i) => Buffer.alloc(1 + i * 7, i));
  const sums = await Promise.all(cells.map((cell) => threads.hash(sharedBytes(cell))));
  assert.deepEqual(
    sums,
    cells.map((cell) => hash("sha256", cell, "buffer")),
  );
  await threads[Symbol.asyncDispose]();
  await assert.rejects(threads.hash(sharedBytes(text)), /ended/);
});
