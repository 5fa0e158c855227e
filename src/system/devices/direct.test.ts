// SPDX-License-Identifier: Apache-2.0
// Direct reads give the same bytes as ordinary ones, at any offset, and stop at the end of the file.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { alignedBuffer, openDirect, readBlocks } from "./direct.ts";
import { temporary } from "../../../tests/support/temporary.ts";

const signal = new AbortController().signal;

async function fileOf(t: TestContext, bytes: Uint8Array, where = tmpdir()): Promise<string> {
  const directory = await temporary(t, { parent: where });
  const path = join(directory, "file");
  await writeFile(path, bytes);
  return path;
}

test("read() gives any range of a file whose size is not a multiple of the alignment", async (t) => {
  const bytes = randomBytes(100_001);
  await using file = await openDirect(await fileOf(t, bytes));
  const buffer = alignedBuffer(200_000);
  for (const [start, end] of [
    [0, 1],
    [1, 4096],
    [4095, 8193],
    [99_000, 100_001],
    [0, 100_001],
    [100_000, 110_000],
  ] as const)
    assert.deepEqual(
      Buffer.from(await file.read({ start, end }, buffer)),
      bytes.subarray(start, Math.min(end, bytes.length)),
    );
  assert.equal((await file.read({ start: 120_000, end: 130_000 }, buffer)).length, 0);
});

test("readBlocks() gives every byte of the ranges once and in order, with reads in flight", async (t) => {
  const bytes = randomBytes(300_000);
  await using file = await openDirect(await fileOf(t, bytes));
  const ranges = [
    { start: 5, end: 70_000 },
    { start: 70_001, end: 70_002 },
    { start: 200_000, end: 300_000 },
  ];
  const got: Buffer[] = [];
  for await (const block of readBlocks(file, ranges, { signal, blockBytes: 8192, inFlight: 3 }))
    got.push(Buffer.from(block.bytes));
  assert.deepEqual(
    createHash("sha256").update(Buffer.concat(got)).digest("hex"),
    createHash("sha256")
      .update(Buffer.concat(ranges.map((r) => bytes.subarray(r.start, r.end))))
      .digest("hex"),
  );
});

test("readBlocks() can be left early and the file closed", async (t) => {
  await using file = await openDirect(await fileOf(t, randomBytes(2 ** 20)));
  for await (const block of readBlocks(file, [{ start: 0, end: 2 ** 20 }], { signal, blockBytes: 65_536 })) {
    assert.equal(block.bytes.length, 65_536);
    break;
  }
});

test("a file system that refuses direct reads is read through the cache", async () => {
  await using file = await openDirect("/proc/self/status");
  assert.equal(file.how, "cached");
});
