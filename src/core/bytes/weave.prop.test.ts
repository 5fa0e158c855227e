// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { normalizeRanges } from "./range.ts";
import { chunkPlaces, isReadable, memberRanges, weaveBytes } from "./weave.ts";
import type { Weave } from "../machine.ts";

const CHUNK = 4096;

const weaves = fc
  .record({
    level: fc.constantFrom("raid0", "raid5", "raid10"),
    count: fc.integer({ min: 2, max: 7 }),
    layout: fc.integer({ min: 0, max: 3 }),
    chunks: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ level, count, layout, chunks }): Weave => {
    const copies = Math.min(count, 2 + (layout % 2));
    return {
      level,
      chunkBytes: CHUNK,
      layout: level === "raid10" ? copies : layout,
      memberBytes: chunks * CHUNK,
      members: Array.from({ length: count }, (_, index) => ({ node: `m${index}`, start: 0 })),
    };
  });

test("each chunk has places of its own on the members; RAID 10 as many as copies, on different ones", () => {
  fc.assert(
    fc.property(weaves, (weave) => {
      const taken = new Set<string>();
      for (let chunk = 0; chunk < weaveBytes(weave) / CHUNK; chunk += 1) {
        const places = chunkPlaces(weave, chunk);
        assert.equal(places.length, weave.level === "raid10" ? weave.layout : 1);
        assert.equal(new Set(places.map(({ member }) => member)).size, places.length);
        for (const { member, row } of places) {
          assert.ok(member >= 0 && member < weave.members.length);
          assert.ok(row >= 0 && row < weave.memberBytes / CHUNK);
          assert.ok(!taken.has(`${member}/${row}`));
          taken.add(`${member}/${row}`);
        }
      }
    }),
  );
});

test("RAID 5 leaves one place in each row, for the parity", () => {
  fc.assert(
    fc.property(
      weaves.filter(({ level }) => level === "raid5"),
      (weave) => {
        const count = weave.members.length;
        const rows = new Map<number, Set<number>>();
        for (let chunk = 0; chunk < weaveBytes(weave) / CHUNK; chunk += 1)
          for (const { member, row } of chunkPlaces(weave, chunk))
            rows.set(row, (rows.get(row) ?? new Set()).add(member));
        assert.equal(rows.size, weave.memberBytes / CHUNK);
        for (const members of rows.values()) assert.equal(members.size, count - 1);
      },
    ),
  );
});

test("what members may lose holds no byte that the array needs", () => {
  const ranges = fc.array(fc.tuple(fc.nat(400), fc.nat(60)), { maxLength: 6 });
  fc.assert(
    fc.property(weaves, ranges, (weave, some) => {
      const size = weaveBytes(weave);
      const free = normalizeRanges(
        some.map(([at, length]) => {
          const start = Math.min(size, (at * CHUNK) / 2);
          return { start, end: Math.min(size, start + (length * CHUNK) / 2) };
        }),
      );
      const lost = memberRanges(weave, free);
      for (let chunk = 0; chunk < size / CHUNK; chunk += 1) {
        const range = { start: chunk * CHUNK, end: (chunk + 1) * CHUNK };
        if (free.some(({ start, end }) => start <= range.start && range.end <= end)) continue;
        for (const { row } of chunkPlaces(weave, chunk))
          assert.ok(lost.every(({ start, end }) => end <= row * CHUNK || start >= (row + 1) * CHUNK));
      }
      const all = memberRanges(weave, [{ start: 0, end: size }]);
      if (weave.level !== "raid10") assert.deepEqual(all, [{ start: 0, end: weave.memberBytes }]);
    }),
  );
});

test("isReadable(): RAID 0 misses none, RAID 5 one, RAID 10 not all copies of a chunk", () => {
  const weave = (level: Weave["level"], here: readonly boolean[]): Weave => ({
    level,
    chunkBytes: CHUNK,
    layout: 2,
    memberBytes: CHUNK,
    members: here.map((there, index) => (there ? { node: `m${index}`, start: 0 } : null)),
  });
  assert.ok(isReadable(weave("raid0", [true, true])));
  assert.ok(!isReadable(weave("raid0", [true, false])));
  assert.ok(isReadable(weave("raid5", [true, false, true])));
  assert.ok(!isReadable(weave("raid5", [false, false, true])));
  assert.ok(isReadable(weave("raid10", [true, false, false, true])));
  assert.ok(!isReadable(weave("raid10", [true, true, false, false])));
  assert.ok(
    !isReadable(weave("raid10", [false, true, false])),
    "of three members the third copy wraps around",
  );
});
