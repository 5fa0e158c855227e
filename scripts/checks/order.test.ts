// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { closureHash, distanceTo, parseImports, type Source } from "./imports.ts";
import { inOrder, share } from "./order.ts";

const source = (...imports: readonly string[]): Source => ({
  hash: imports.join(),
  imports,
  startsPrograms: false,
  namesProgram: false,
});
const sources = new Map<string, Source>([
  ["a.test.ts", source("a.ts")],
  ["a.ts", source("index.ts")],
  ["index.ts", source("b.ts", "a.ts")], // a circle
  ["b.ts", source()],
  ["b.test.ts", source("b.ts")],
  ["c.test.ts", source()],
  ["d.test.ts", source()],
]);

test("parseImports() finds what is imported, exported again, and imported later, wherever a line breaks", () => {
  const text = `import { a,\n  b } from "./a.ts";\nexport * from "../b.ts";\nimport "./c.ts";\nawait import("./d/e.ts");\nimport x from "zod";`;
  assert.deepEqual(parseImports("src/x/y.ts", text), [
    "src/x/a.ts",
    "src/b.ts",
    "src/x/c.ts",
    "src/x/d/e.ts",
  ]);
});

test("distanceTo() counts imports up to what changed, and circles end", () => {
  const distance = (file: string): number => distanceTo(new Set(["b.ts"]), file, sources);
  assert.deepEqual(["b.ts", "b.test.ts", "a.test.ts", "c.test.ts"].map(distance), [
    0,
    1,
    3,
    Number.POSITIVE_INFINITY,
  ]);
});

test("closureHash() differs with whatever a file needs, and only then", () => {
  const changed = new Map(sources).set("b.ts", { ...source(), hash: "other" });
  const differs = (file: string): boolean => closureHash(file, sources) !== closureHash(file, changed);
  assert.deepEqual(["a.test.ts", "a.ts", "b.ts", "c.test.ts"].map(differs), [true, true, true, false]);
});

test("inOrder() puts what the change is near to first, then what is unknown or long; all are there", () => {
  const files = ["a.test.ts", "c.test.ts", "b.test.ts", "d.test.ts"];
  const known = { sources, changed: new Set(["b.ts"]), seconds: { "a.test.ts": 1, "c.test.ts": 9 } };
  assert.deepEqual(inOrder(files, known), ["b.test.ts", "d.test.ts", "c.test.ts", "a.test.ts"]);
});

test("share() makes lists that take about equally long, and leaves nothing out", () => {
  const seconds = { a: 9, b: 5, c: 4, d: 1 };
  assert.deepEqual(share(["a", "b", "c", "d"], 2, seconds), [
    ["a", "d"],
    ["b", "c"],
  ]);
  assert.deepEqual(share([], 2, seconds), [[], []]);
});
