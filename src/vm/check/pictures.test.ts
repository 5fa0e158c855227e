// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { isPng, parsePpm, renderPng } from "./png.ts";
import { parseScreenText, TEXT_MEMORY } from "./screen-text.ts";

test("renderPng() of parsePpm() keeps every pixel", () => {
  const rgb = Buffer.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 1, 2, 3]);
  const png = renderPng(parsePpm(Buffer.concat([Buffer.from("P6\n2 2\n255\n"), rgb])));
  assert.ok(isPng(png));
  const at = png.indexOf("IDAT");
  const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  assert.deepEqual(
    rows,
    Buffer.concat([Buffer.from([0]), rgb.subarray(0, 6), Buffer.from([0]), rgb.subarray(6)]),
  );
});

test("parsePpm() refuses what is not a picture, or lies about its size", () => {
  for (const bad of ["", "P5\n1 1\n255\nx", "P6\n2 2\n255\nabc", "P6\n99999 99999\n255\n", "P6\n0 0\n255\n"])
    assert.throws(() => parsePpm(Buffer.from(bad)), RangeError);
});

function textMemory(rows: readonly string[]): Buffer {
  const memory = Buffer.alloc(TEXT_MEMORY.sizeBytes);
  for (const [y, row] of rows.entries())
    for (let x = 0; x < row.length; x += 1) memory.set([row.charCodeAt(x), 7], (y * 80 + x) * 2);
  return memory;
}

test("parseScreenText() reads the rows that are not empty", () => {
  assert.deepEqual(parseScreenText(textMemory(["Hello", "", "  (initramfs) _"])), [
    "Hello",
    "  (initramfs) _",
  ]);
});

test("parseScreenText() takes a picture for no text", () => {
  const picture = Buffer.from(Array.from({ length: TEXT_MEMORY.sizeBytes }, (_, i) => (i * 7) & 0xff));
  assert.deepEqual(parseScreenText(picture), []);
  assert.deepEqual(parseScreenText(Buffer.alloc(0)), []);
});
