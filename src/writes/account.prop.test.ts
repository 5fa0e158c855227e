// SPDX-License-Identifier: Apache-2.0
// The laws of the account: it covers every event, in whatever order and pieces they come, and nothing garbled makes it smaller.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../tests/support/laws.ts";
import { complement, intersect, type Range, sumBytes } from "../core/index.ts";
import { Account } from "./account.ts";

const SIZE = 64 * 2 ** 20;
const SECTORS = SIZE / 512;
const disks = [
  { number: 1, sizeBytes: SIZE, devices: ["8:0", "8:1"], onlyAsks: false },
  { number: 2, sizeBytes: SIZE, devices: ["8:16"], onlyAsks: false },
];
const OF: Readonly<Record<string, number>> = { "8,0": 1, "8,1": 1, "8,16": 2, "9,0": 3 };

type Event = {
  readonly device: string;
  readonly sector: number;
  readonly count: number;
  readonly line: string;
};

const event: fc.Arbitrary<Event> = fc
  .record({
    device: fc.constantFrom("8,0", "8,1", "8,16", "9,0"),
    sector: fc.nat(SECTORS - 1),
    length: fc.nat(4096),
    flags: fc.constantFrom("W", "WSM", "FWFS", "D", "NS"),
    // A name of the kernel has at most 15 bytes; no line end here.
    name: fc.stringMatching(/^[ -~]{1,15}$/u),
    isBio: fc.boolean(),
  })
  .map(({ device, sector, length, flags, name, isBio }) => {
    const count = Math.min(length + 1, SECTORS - sector);
    const place = `${sector} + ${count}`;
    const what = isBio
      ? `block_bio_queue: ${device} ${flags} ${place}`
      : `block_rq_issue: ${device} ${flags} ${count * 512} () ${place} be,0,4`;
    return { device, sector, count, line: `${name}-12 [001] ..... 1.000001: ${what} [${name}]\n` };
  });

const account = (text: readonly string[]): Account => {
  const made = new Account(disks);
  for (const part of text) made.take(part);
  return made;
};
const isCovered = (range: Range, by: readonly Range[]): boolean =>
  sumBytes(intersect([range], by)) === range.end - range.start;

test("every event is covered, order and cuts of the text do not matter, and little else is in it", (t) =>
  check(
    t,
    fc.property(
      fc.array(event, { maxLength: 60 }),
      fc.array(fc.nat(200), { maxLength: 20 }),
      (events, cuts) => {
        const text = events.map(({ line }) => line).join("");
        const pieces: string[] = [];
        let at = 0;
        for (const cut of cuts) pieces.push(text.slice(at, (at += cut)));
        const one = account([...pieces, text.slice(at)]);
        const other = account(events.toReversed().map(({ line }) => line));
        assert.deepEqual(one.unclear, []);
        for (const { number } of disks) assert.deepEqual(one.written(number), other.written(number));
        for (const { device, sector, count } of events) {
          const number = OF[device] ?? 0;
          if (number < 3)
            assert.ok(isCovered({ start: sector * 512, end: (sector + count) * 512 }, one.written(number)));
        }
        for (const { number } of disks) {
          const most = events.filter(({ device }) => OF[device] === number);
          assert.ok(
            sumBytes(one.written(number)) <=
              most.reduce((sum, { count }) => sum + count * 512 + 2 * 65_536, 0),
          );
        }
      },
    ),
  ));

test("lines that are garbled, by chance or on purpose, make it unclear and never smaller", (t) =>
  check(
    t,
    fc.property(
      fc.array(fc.oneof(event, fc.string()), { maxLength: 40 }),
      fc.array(fc.record({ at: fc.nat(), text: fc.string({ minLength: 1 }) }), {
        minLength: 1,
        maxLength: 5,
      }),
      (parts, damages) => {
        const good = parts.filter((one) => typeof one !== "string");
        const lines = parts.map((one) => (typeof one === "string" ? `${one}\n` : one.line));
        for (const { at, text } of damages) lines.splice(at % (lines.length + 1), 0, `${text}\n`);
        const clean = account(good.map(({ line }) => line));
        const found = account(lines);
        assert.ok(found.unclear.length > 0);
        for (const { number } of disks)
          assert.deepEqual(intersect(clean.written(number), found.written(number)), clean.written(number));
      },
    ),
  ));

test("a name with line ends hides no event without being noticed", (t) =>
  check(
    t,
    fc.property(fc.string({ minLength: 1, maxLength: 14 }), fc.nat(13), (name, at) => {
      const deceiving = `${name.slice(0, at)}\n${name.slice(at)}`;
      const found = account([
        `${deceiving}-12 [001] ..... 1.000001: block_rq_issue: 8,0 W 512 () 8 + 1 be,0,4 [${deceiving}]\n`,
      ]);
      assert.ok(found.unclear.length > 0 || found.written(1).length > 0);
    }),
  ));

test("what is behind the end of a disk, and a text that ends within a line, are unclear", () => {
  const line = (place: string): string =>
    `a-1 [000] ..... 1.000000: block_rq_issue: 8,0 W 512 () ${place} be,0,4 [a]\n`;
  const long = account([line(`${SECTORS - 8} + 16`)]);
  assert.equal(long.unclear[0]?.reason, "garbled");
  assert.deepEqual(complement(long.written(1), { start: 0, end: SIZE }), [{ start: 0, end: SIZE - 65_536 }]);
  assert.equal(account([line("0 + 8").slice(0, -1)]).unclear[0]?.reason, "garbled");
});

test("what bypasses the block layer is unclear where it may write", () => {
  const line = "hdparm-1 [000] ..... 1.000000: block_rq_issue: 8,0 N 512 () 0 + 0 be,0,4 [hdparm]\n";
  assert.equal(account([line]).unclear[0]?.reason, "passed-through");
  assert.equal(account([line.replace("8,0", "9,0")]).unclear.length, 0);
  const asking = new Account([{ number: 1, sizeBytes: SIZE, devices: ["8:0"], onlyAsks: true }]);
  asking.take(line);
  assert.equal(asking.unclear.length, 0);
});
