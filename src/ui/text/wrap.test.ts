// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../../tests/support/laws.ts";
import { columnsOf } from "./columns.ts";
import { factLines, wrap, wrapLines } from "./wrap.ts";

test("wrapLines() breaks at words, and sets in what goes on", () => {
  const text = "short\n  1. Look at the first boot of it\n\n  nobody has seen it boot yet";
  assert.equal(
    wrapLines(text, 20),
    [
      "short",
      "  1. Look at the",
      "     first boot of",
      "     it",
      "",
      "  nobody has seen it",
      "    boot yet",
    ].join("\n"),
  );
});

test("wrapLines() counts columns, keeps columns of a table, and leaves a path in one piece", () => {
  assert.equal(wrapLines("漢字漢字 漢字", 9), "漢字漢字\n  漢字");
  assert.equal(wrapLines("enp3s0     52:54:00:a5:3f:16 up", 30), "enp3s0     52:54:00:a5:3f:16\n  up");
  const path = `/dev/disk/by-id/${"x".repeat(30)}`;
  assert.equal(wrapLines(`The disk ${path} is in use`, 20), `The disk\n  ${path}\n  is in use`);
});

test("text that goes to no terminal is not broken", () => {
  const text = "word ".repeat(100).trim();
  assert.equal(wrapLines(text, Number.POSITIVE_INFINITY), text);
  assert.equal(wrap(text, { width: Number.POSITIVE_INFINITY, indent: 4 }), `    ${text}`);
  assert.deepEqual(factLines([["System", text]], Number.POSITIVE_INFINITY), [`System       ${text}`]);
});

test("no line is wider than it may be, but for a single word; no word is lost", (t) =>
  check(
    t,
    fc.property(
      fc.array(fc.stringMatching(/^[a-zäß漢]{1,12}$/), { minLength: 1 }),
      fc.integer({ min: 20, max: 60 }),
      (words, width) => {
        const lines = wrapLines(`  ${words.join(" ")}`, width).split("\n");
        for (const line of lines)
          assert.ok(columnsOf(line) <= width || line.trim().split(" ").length === 1, line);
        assert.deepEqual(
          lines.flatMap((line) => line.trim().split(" ")),
          words,
        );
      },
    ),
  ));
