// SPDX-License-Identifier: Apache-2.0
// What people read and write as sizes and times.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../../tests/support/laws.ts";
import { counted, formatBytes, formatSeconds, parseDuration, parseSize } from "./units.ts";

test("formatBytes() shows three digits at most and never 1024 of a unit", () => {
  const shown = [0, 1, 1023, 1024, 1536, 102_349, 1_048_000, 2_040_109_465, 2 ** 40 - 1, 2 ** 53 - 1];
  assert.deepEqual(shown.map(formatBytes), [
    "0 B",
    "1 B",
    "1023 B",
    "1.0 KiB",
    "1.5 KiB",
    "100 KiB",
    "1023 KiB",
    "1.9 GiB",
    "1.0 TiB",
    "8.0 PiB",
  ]);
});

test("formatSeconds() shows two units at most", () => {
  assert.deepEqual([-3, 0, 59.4, 59.6, 185, 3599.4, 3600, 8040, 100_000].map(formatSeconds), [
    "0 s",
    "0 s",
    "59 s",
    "1 min 0 s",
    "3 min 5 s",
    "59 min 59 s",
    "1 h 0 min",
    "2 h 14 min",
    "27 h 46 min",
  ]);
});

test("parseSize() reads binary units with or without their letters", () => {
  const gib = 2 ** 30;
  assert.deepEqual(["2G", " 2 GiB ", "2gb", "512M", "1.5 GiB", "4096", "4096B", "0", "1P"].map(parseSize), [
    2 * gib,
    2 * gib,
    2 * gib,
    gib / 2,
    1.5 * gib,
    4096,
    4096,
    0,
    2 ** 50,
  ]);
});

test("parseSize() takes nothing that is not a size", () => {
  for (const text of ["", "G", "-1", "1e9", "2X", "1..5G", "0x10", "9999P", "2 G B", "Infinity", "١"])
    assert.equal(parseSize(text), null, text);
});

test("parseSize() gives back any number of bytes, and what formatBytes() shows within its rounding", (t) =>
  check(
    t,
    fc.property(fc.nat(2 ** 31 - 1), fc.nat(2 ** 20), (high, low) => {
      const bytes = high * 2 ** 15 + low;
      assert.equal(parseSize(`${bytes}`), bytes);
      const shown = parseSize(formatBytes(bytes));
      assert.ok(
        shown !== null && Math.abs(shown - bytes) <= bytes * 0.051,
        `${bytes} -> ${formatBytes(bytes)}`,
      );
    }),
  ));

test("parseDuration() takes plain seconds and one unit", () => {
  assert.deepEqual(["0", "90", "90s", "10m", " 2h ", "1d", "1w", "-1", "1.5h", "10 min"].map(parseDuration), [
    0,
    90,
    90,
    600,
    7200,
    86_400,
    null,
    null,
    null,
    null,
  ]);
});

test("counted() knows one from several", () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => counted(count, "file")),
    ["0 files", "1 file", "2 files"],
  );
});
