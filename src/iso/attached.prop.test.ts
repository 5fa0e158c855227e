// SPDX-License-Identifier: Apache-2.0
// The header of what was attached to a medium, and what xorriso says of its room: any bytes, and sizes that fit.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { damagedBytes, damagedText } from "../../tests/support/hostile-bytes.ts";
import { check } from "../../tests/support/laws.ts";
import { parseAttachedHeader, parseExtent, renderAttachedHeader } from "./attached.ts";

const sound = renderAttachedHeader({
  interface: "1",
  node: "v24.0.0",
  version: "1.0.0",
  length: 8192,
  sha256: "0".repeat(64),
});

test("a header of any bytes is read or refused, and its length is one of whole pages", (t) =>
  check(
    t,
    fc.property(damagedBytes(sound), (bytes) => {
      const header = parseAttachedHeader(bytes);
      if (header !== null) assert.ok(header.length >= 0 && header.length % 4096 === 0);
    }),
    { runs: 200 },
  ));

test("the room that xorriso tells of is one, or none", (t) =>
  check(
    t,
    fc.property(damagedText("File data lba:  0 ,     1234 ,       16 ,  32768 , '/p2v/room'\n"), (text) => {
      parseExtent(text);
    }),
    { runs: 200 },
  ));
