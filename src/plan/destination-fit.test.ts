// SPDX-License-Identifier: Apache-2.0
// What may be written over, gone on with or brought up to date at a destination, and what stops a run there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type DirectoryFacts, fitDirectory } from "./destination-fit.ts";

const GIB = 2 ** 30;
const EMPTY: DirectoryFacts = {
  title: "this machine",
  path: "/vms/web",
  kind: "absent",
  files: [],
  inUse: [],
  nearest: "/vms",
  isWritable: true,
  freeBytes: 10 * GIB,
  occupiedBytes: 0,
};
const FINISHED: DirectoryFacts = {
  ...EMPTY,
  kind: "directory",
  files: ["manifest.json", "report.json", "web-1.img"],
};
const NEW = { replace: false, update: false, usedBytes: GIB };

const codes = (facts: DirectoryFacts, needs = NEW): readonly string[] =>
  fitDirectory(facts, needs).problems.map(({ code, severity }) => `${severity} ${code}`);

test("an empty place is free, and a run that did not finish goes on", () => {
  for (const facts of [EMPTY, { ...EMPTY, kind: "directory" } as const]) {
    assert.deepEqual(codes(facts), []);
    assert.equal(fitDirectory(facts, NEW).goesOn, null);
  }
  for (const files of [
    ["web-1.img.partial", "web-1.hashes"],
    ["manifest.json", "web-1.img"],
  ]) {
    const facts: DirectoryFacts = { ...EMPTY, kind: "directory", files };
    assert.deepEqual(codes(facts), []);
    assert.equal(fitDirectory(facts, NEW).goesOn, "resume");
  }
});

test("what is not ours, and no directory, stop the run", () => {
  assert.deepEqual(codes({ ...EMPTY, kind: "file" }), ["stops destination-wrong"]);
  assert.deepEqual(codes({ ...EMPTY, kind: "directory", files: ["notes.txt"] }), [
    "stops destination-exists",
  ]);
  const replace = { ...NEW, replace: true };
  assert.deepEqual(codes({ ...EMPTY, kind: "directory", files: ["notes.txt"] }, replace), [
    "stops destination-exists",
  ]);
});

test("a finished VM is in the way, unless it is replaced or brought up to date while it is off", () => {
  assert.deepEqual(codes(FINISHED), ["stops destination-exists"]);
  assert.equal(fitDirectory(FINISHED, NEW).isInTheWay, true);
  const running = { ...FINISHED, inUse: ["web-1.img"] };
  assert.deepEqual(codes(running), ["stops destination-exists"], "that it runs is another question");
  const fits = [
    [{ ...NEW, replace: true }, null],
    [{ ...NEW, update: true }, "update"],
    [{ ...NEW, replace: true, update: true }, null],
  ] as const;
  for (const [needs, goesOn] of fits) {
    assert.deepEqual(fitDirectory(FINISHED, needs), { problems: [], goesOn, isInTheWay: false });
    assert.deepEqual(codes(running, needs), ["stops destination-in-use"]);
  }
});

test("a place that may not be written stops the plan, not the copy", () => {
  assert.deepEqual(codes({ ...EMPTY, isWritable: false }), ["stops destination-read-only"]);
  assert.deepEqual(codes({ ...EMPTY, kind: "file", isWritable: false }), ["stops destination-wrong"]);
});

test("images that are there make room for their successors", () => {
  const full = { ...EMPTY, freeBytes: GIB / 2 };
  const [problem] = fitDirectory(full, NEW).problems;
  assert.equal(problem?.code, "destination-full");
  assert.match(String(problem?.text), /^\/vms on this machine has 512 MiB free, the VM needs 1\.1 GiB$/);
  assert.deepEqual(codes({ ...full, occupiedBytes: GIB }), []);
});
