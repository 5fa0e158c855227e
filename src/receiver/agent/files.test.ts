// SPDX-License-Identifier: Apache-2.0
// What is noted of cells has its space before the first cell comes.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { temporary } from "../../../tests/support/temporary.ts";
import { hashesBytes } from "../../wire/index.ts";
import { makeHashes } from "./files.ts";

test("the list of hashes is zero and has no holes: a full file system still takes what it is told", async (t) => {
  const directory = await temporary(t);
  for (const sizeBytes of [2 ** 20, 5 * 2 ** 30, 300 * 2 ** 30]) {
    const request = {
      type: "open",
      seq: 1,
      disk: "web-1.img",
      sizeBytes,
      segmentBytes: 4 * 2 ** 20,
      mode: "replace",
      format: "raw",
    } as unknown as Parameters<typeof makeHashes>[1];
    await using file = await makeHashes(join(directory, "web-1.hashes.partial"), request);
    await file.sync();
    const { size, blocks } = await file.stat();
    assert.equal(size, hashesBytes(request));
    assert.ok(blocks * 512 >= size, `${blocks} blocks for ${size} bytes`);
    assert.ok((await file.readFile()).every((byte) => byte === 0));
  }
});
