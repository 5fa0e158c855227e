// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type AttachedHeader,
  HEADER_BYTES,
  nothingAttached,
  parseAttachedHeader,
  parseExtent,
  renderAttachedHeader,
} from "./attached.ts";

const OWN = { interface: "1", node: "v24.1.0" };

test("a header is read as it was written", () => {
  const filled: AttachedHeader = { ...OWN, version: "0.2.0", length: 8192, sha256: "ab".repeat(32) };
  for (const header of [nothingAttached(OWN), filled]) {
    const bytes = renderAttachedHeader(header);
    assert.equal(bytes.length, HEADER_BYTES);
    assert.deepEqual(parseAttachedHeader(bytes), header);
  }
});

test("what is not a header is none, whatever it is", () => {
  assert.equal(parseAttachedHeader(renderAttachedHeader(nothingAttached(OWN)).subarray(0, 4095)), null);
  const odd = renderAttachedHeader({ ...nothingAttached(OWN), length: 100 });
  assert.equal(parseAttachedHeader(odd), null);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES }), (bytes) => {
      assert.equal(parseAttachedHeader(bytes), null);
    }),
  );
});

test("the extent is where xorriso says, when it says so once", () => {
  const line = "File data lba:  0 ,    12345 ,    49152 , 100663296 , '/live/attached'\n";
  assert.deepEqual(parseExtent(`Report layout: xt\n${line}`), { offset: 12345 * 2048, sizeBytes: 100663296 });
  assert.equal(parseExtent("nothing"), null);
  assert.equal(parseExtent(line + line), null);
});
