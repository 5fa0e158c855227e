// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cleanLine, consoleLines } from "./console-lines.ts";

test("lines come whole, whatever the pieces", () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-zä ]{1,20}x$/), { maxLength: 8 }),
      fc.integer({ min: 1, max: 5 }),
      (lines, step) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
        const console = consoleLines();
        const seen: string[] = [];
        for (let at = 0; at < bytes.length; at += step)
          seen.push(...console.push(bytes.subarray(at, at + step)));
        assert.deepEqual(seen, lines);
      },
    ),
  );
});

test("cleanLine() takes colours, titles and controls out", () => {
  assert.equal(
    cleanLine("\u001b[0;32m  OK  \u001b[0m Started\u0007 \u001b]0;title\u0007x\r\u202e"),
    "  OK   Started x",
  );
});

test("an unfinished prompt counts among the last lines", () => {
  const console = consoleLines();
  console.push(Buffer.from("one\n(initramfs) "));
  assert.equal(console.unfinished(), "(initramfs)");
  assert.deepEqual(console.last(5), ["one", "(initramfs)"]);
  assert.deepEqual(console.last(1), ["(initramfs)"]);
});

test("menus that place the cursor become lines, their frames none", () => {
  const seen = consoleLines().push(Buffer.from("\u001b[2;1H│   \u001b[3;1HDebian\u001b[4;10H└──┘\n"));
  assert.deepEqual(seen, ["Debian"]);
});

test("a console without end is kept at its beginning and its end, in bounds", () => {
  const console = consoleLines();
  const line = Buffer.from(`${"x".repeat(1000)}\n`);
  console.push(Buffer.from("first\n"));
  for (let i = 0; i < 4000; i += 1) console.push(line);
  console.push(Buffer.from("last\n"));
  const text = console.text();
  assert.ok(text.length < 2 * 2 ** 20);
  assert.match(text, /^first\n/);
  assert.match(text, /left out/);
  assert.match(text, /last\n$/);
});

test("a line without end is cut", () => {
  const console = consoleLines();
  const seen = console.push(Buffer.alloc(300_000, "y"));
  assert.equal(seen.length, 1);
  assert.ok((seen[0]?.length ?? 0) <= 65_536);
});
