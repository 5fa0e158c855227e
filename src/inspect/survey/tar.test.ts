// SPDX-License-Identifier: Apache-2.0
// Archives of strangers.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readTar } from "./tar.ts";
import { tarOf } from "../../../tests/support/tar.ts";

const LIMITS = { entries: 10, fileBytes: 1000, pathChars: 200 };

test("readTar() reads files, directories, links and long names", () => {
  const long = `d/${"x".repeat(150)}`;
  const entries = readTar(
    tarOf(
      { name: "./", type: "5" },
      { name: "./etc/fstab", content: "text" },
      { name: "././@LongLink", type: "L", content: `${long}\0` },
      { name: "cut", content: "1" },
      { name: "lib", type: "2", link: "usr/lib" },
      { name: "pax", type: "x", content: "14 path=a/b/c\n" },
      { name: "short" },
    ),
    LIMITS,
  );
  assert.deepEqual(
    entries.map((entry) => [entry.kind, entry.path]),
    [
      ["directory", "/"],
      ["file", "/etc/fstab"],
      ["file", `/${long}`],
      ["link", "/lib"],
      ["file", "/a/b/c"],
    ],
  );
  assert.equal(entries[1]?.kind === "file" && Buffer.from(entries[1].bytes).toString(), "text");
  assert.equal(entries[3]?.kind === "link" && entries[3].target, "usr/lib");
});

test("readTar() refuses every archive that no collector makes", () => {
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [tarOf({ name: "/etc/passwd" }), /leads out/],
    [tarOf({ name: "a/../../etc/passwd" }), /leads out/],
    [tarOf({ name: "x", type: "L", content: "../up\0" }, { name: "y" }), /leads out/],
    [tarOf({ name: "x", type: "x", content: "16 path=../../a\n" }, { name: "y" }), /leads out/],
    [tarOf({ name: "x", type: "x", content: "99 path=a\n" }, { name: "y" }), /pax/],
    [tarOf({ name: "x", type: "x", content: "16 size=1000000\n" }, { name: "y" }), /pax/],
    [tarOf({ name: "sda", type: "4" }), /not a file/],
    [tarOf({ name: "hard", type: "1", link: "/etc/passwd" }), /not a file/],
    [tarOf({ name: "pipe", type: "6" }), /not a file/],
    [tarOf({ name: "sparse", type: "S" }), /not a file/],
    [tarOf({ name: "to", type: "2" }), /nowhere/],
    [tarOf({ name: "big", content: "x".repeat(1001) }), /more than 1000/],
    [tarOf({ name: "huge", size: "77777777777\0" }), /ends in the middle/],
    [tarOf({ name: "base256", size: "\x80\0\0\0\0\0\0\0\0\0\0\x01" }), /not a tar header/],
    [tarOf(...Array.from({ length: 11 }, (_, index) => ({ name: `f${index}` }))), /more than 10 files/],
    [tarOf({ name: "x", type: "L", content: "y".repeat(70_000) }), /a name of/],
    [tarOf({ name: "a".repeat(99) }).subarray(0, 700), /ends in the middle/],
    [Buffer.from("hello"), /ends in the middle/],
    [Buffer.alloc(512, 1), /not a tar header|damaged/],
  ];
  for (const [bytes, says] of cases) assert.throws(() => readTar(bytes, LIMITS), says);
});

test("readTar() either gives canonical paths or a RangeError, whatever is flipped", () => {
  const good = tarOf({ name: "./etc/fstab", content: "text" }, { name: "lib", type: "2", link: "usr/lib" });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, end) => {
      const bytes = Buffer.from(good.subarray(0, end));
      if (at < bytes.length) bytes[at] = value;
      try {
        for (const { path } of readTar(bytes, LIMITS)) assert.match(path, /^\/(?!.*(^|\/)\.\.(\/|$))/);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
  );
});
