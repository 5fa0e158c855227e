// SPDX-License-Identifier: Apache-2.0
// The laws of extents, against a naive model: an array with the kind of every byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../../tests/support/laws.ts";
import {
  alignOut,
  bytesOf,
  chunks,
  clip,
  concat,
  EXTENT_KINDS,
  type ExtentKind,
  type ExtentMap,
  fromRanges,
  merge,
  overlay,
  rangesOf,
  uniform,
} from "./extent.ts";
import type { Range } from "./range.ts";
import { assertLinear } from "../../../tests/support/growth.ts";

type Model = readonly ExtentKind[];

const rank = (kind: ExtentKind): number => EXTENT_KINDS.indexOf(kind);
const higher = (a: ExtentKind, b: ExtentKind): ExtentKind => (rank(a) >= rank(b) ? a : b);

function toModel(map: ExtentMap): Model {
  assertNormal(map);
  return map.runs.flatMap((run) => Array.from({ length: run.end - run.start }, () => run.kind));
}

function fromModel(model: Model): ExtentMap {
  return concat(model.map((kind) => uniform(1, kind)));
}

/** Covers [0, size) without gap or overlap; neighbours differ in kind. */
function assertNormal(map: ExtentMap): void {
  let at = 0;
  let last: ExtentKind | null = null;
  for (const run of map.runs) {
    assert.equal(run.start, at, "gap or overlap");
    assert.ok(run.end > run.start, "empty run");
    assert.notEqual(run.kind, last, "neighbours of one kind");
    at = run.end;
    last = run.kind;
  }
  assert.equal(at, map.size, "covers its size");
}

const kinds = fc.constantFrom(...EXTENT_KINDS);
const models = (minLength = 0, maxLength = 60): fc.Arbitrary<Model> =>
  fc.array(kinds, { minLength, maxLength });
/** Any number of models of one size. */
const equalModels = (count: number): fc.Arbitrary<readonly Model[]> =>
  fc.nat(60).chain((size) => fc.array(models(size, size), { minLength: count, maxLength: count }));
const ranges = fc
  .record({ start: fc.nat(80), length: fc.nat(40) })
  .map(({ start, length }): Range => ({ start, end: start + length }));
const units = fc.integer({ min: 1, max: 17 });

test("concat() of single bytes is the model, and normal", (t) =>
  check(
    t,
    fc.property(models(), (model) => assert.deepEqual(toModel(fromModel(model)), model)),
  ));

test("merge() takes the higher kind of each byte", (t) =>
  check(
    t,
    fc.property(equalModels(2), ([a = [], b = []]) => {
      const expected = a.map((kind, at) => higher(kind, b[at] ?? "unused"));
      assert.deepEqual(toModel(merge(fromModel(a), fromModel(b))), expected);
    }),
  ));

test("merge() is commutative, associative and idempotent", (t) =>
  check(
    t,
    fc.property(equalModels(3), (all) => {
      const [a, b, c] = all.map(fromModel);
      assert.ok(a && b && c);
      assert.deepEqual(merge(a, b), merge(b, a));
      assert.deepEqual(merge(merge(a, b), c), merge(a, merge(b, c)));
      assert.deepEqual(merge(a, a), a);
    }),
  ));

test("fromRanges() marks exactly the bytes in a range, in whatever order they come", (t) =>
  check(
    t,
    fc.property(fc.nat(100), fc.array(ranges, { maxLength: 12 }), kinds, kinds, (size, list, kind, rest) => {
      const covered = (at: number): boolean => list.some(({ start, end }) => start <= at && at < end);
      const expected = Array.from({ length: size }, (_, at) => (covered(at) ? kind : rest));
      assert.deepEqual(toModel(fromRanges(size, list, { kind, rest })), expected);
    }),
  ));

test("alignOut() grows data, then zero, to the grid, and lowers no byte", (t) =>
  check(
    t,
    fc.property(models(), units, (model, unit) => {
      const cell = (at: number): Model => {
        const start = at - (at % unit);
        return model.slice(start, start + unit);
      };
      // A cell that touches data is all data; one that touches zero is at least zero.
      const expected = model.map((_, at) => cell(at).reduce(higher, "unused"));
      const aligned = alignOut(fromModel(model), unit);
      assert.deepEqual(toModel(aligned), expected);
      assert.deepEqual(alignOut(aligned, unit), aligned, "idempotent");
      assert.deepEqual(merge(aligned, fromModel(model)), aligned, "keeps all data");
      for (const run of aligned.runs) assert.equal(run.start % unit, 0);
    }),
  ));

test("clip() is the model's slice, and the parts joined are the original", (t) =>
  check(
    t,
    fc.property(models(), fc.array(fc.nat(60), { maxLength: 5 }), (model, cuts) => {
      const map = fromModel(model);
      const points = [0, ...cuts.map((cut) => Math.min(cut, model.length)), model.length].toSorted(
        (a, b) => a - b,
      );
      const parts = points.slice(1).map((end, index) => {
        const range = { start: points[index] ?? 0, end };
        const part = clip(map, range);
        assert.deepEqual(toModel(part), model.slice(range.start, range.end));
        return part;
      });
      assert.deepEqual(concat(parts), map);
    }),
  ));

test("overlay() replaces exactly the bytes under the part", (t) =>
  check(
    t,
    fc.property(models(), models(0, 20), fc.nat(70), (model, part, offset) => {
      const expected = model.map((kind, at) => part[at - offset] ?? kind);
      assert.deepEqual(toModel(overlay(fromModel(model), fromModel(part), offset)), expected);
    }),
  ));

test("chunks() cover every byte of data once, in order, inside their cell", (t) =>
  check(
    t,
    fc.property(models(), units, (model, unit) => {
      const map = fromModel(model);
      const seen: number[] = [];
      let last = -1;
      for (const chunk of chunks(map, unit)) {
        assert.equal(chunk.start % unit, 0);
        assert.equal(chunk.end, Math.min(map.size, chunk.start + unit));
        assert.ok(chunk.start > last, "in order, one for each cell");
        assert.ok(chunk.data.length > 0, "never empty");
        last = chunk.start;
        for (const { start, end } of chunk.data) {
          assert.ok(chunk.start <= start && start < end && end <= chunk.end);
          for (let at = start; at < end; at += 1) seen.push(at);
        }
      }
      const data = model.flatMap((kind, at) => (kind === "data" ? [at] : []));
      assert.deepEqual(seen, data);
    }),
  ));

test("rangesOf() and bytesOf() count what the model has", (t) =>
  check(
    t,
    fc.property(models(), kinds, (model, kind) => {
      const map = fromModel(model);
      assert.equal(bytesOf(map, kind), model.filter((one) => one === kind).length);
      const rest = EXTENT_KINDS.find((one) => one !== kind) ?? "data";
      const isKind = toModel(fromRanges(map.size, rangesOf(map, kind), { kind, rest })).map(
        (one) => one === kind,
      );
      assert.deepEqual(
        isKind,
        model.map((one) => one === kind),
      );
    }),
  ));

test("a map of 2^15 runs is worked through in linear time", () =>
  assertLinear("extents", (scale) => {
    const count = 2 ** 13 * scale;
    const list = Array.from({ length: count / 2 }, (_, i) => ({ start: 8192 * i, end: 8192 * i + 4000 }));
    const map = fromRanges(4096 * count, list, { kind: "data", rest: "unused" });
    assert.equal(map.runs.length, count);
    const aligned = alignOut(map, 4096);
    assert.equal(bytesOf(aligned, "data"), 2048 * count);
    assert.deepEqual(merge(aligned, map), aligned);
    const moved = overlay(uniform(4096 * count + 4096, "data"), aligned, 4096);
    assert.equal(clip(moved, { start: 4096, end: moved.size }).runs.length, count);
    let cells = 0;
    for (const chunk of chunks(aligned, 2 ** 20)) cells += chunk.data.length;
    assert.equal(cells, count / 2);
  }));
