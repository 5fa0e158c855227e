// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFreeBytes } from "./fat-copy.ts";

test("free bytes of mdir(1), whose numbers are grouped, and none where the last line is another", () => {
  const text = ` Volume in drive : has no label
Directory for ::/

EFI          <DIR>     2026-11-23  17:40
        1 file                    0 bytes
                        255 565 824 bytes free

`;
  assert.equal(parseFreeBytes(text), 255_565_824);
  assert.equal(parseFreeBytes("no room here"), 0);
});
