// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { CopyResult } from "../../copy/index.ts";
import type { Problem, SourceDisk } from "../../core/index.ts";
import { temporary } from "../../../tests/support/temporary.ts";
import { Traced } from "./traced.ts";

const CELL = 2 ** 20;
const COUNT = 4;
const known = new Map([[1, { rootSha256: "0".repeat(64), used: [], written: [] }]]);
const result = (missed: { start: number; end: number } | null): CopyResult => ({
  number: 1,
  file: "vm-1.img",
  sizeBytes: COUNT * CELL,
  segmentBytes: CELL,
  usedBytes: COUNT * CELL,
  sentBytes: 0,
  cells: COUNT,
  cellsKept: COUNT,
  readBytes: CELL,
  sample: { pieces: 12, bytes: 49_152, missed },
  rootSha256: "0".repeat(64),
  readBack: "direct",
  receiver: "agent",
  bad: [],
});

test("all that was not read is read in the end, and one byte that differs is told loudly", async (t) => {
  const path = join(await temporary(t), "disk.img");
  const disk: SourceDisk = { number: 1, path, kind: "file", sizeBytes: COUNT * CELL, sectorBytes: 512 };
  const image = Buffer.alloc(COUNT * CELL, 7);
  await writeFile(path, image);
  const traced = new Traced(known);
  for (let start = CELL; start < COUNT * CELL; start += CELL) {
    const range = { start, end: start + CELL };
    traced.onUnread({
      disk: 1,
      ...range,
      data: [range],
      sha256: hash("sha256", image.subarray(start, range.end), "buffer"),
    });
  }
  const problems: Problem[] = [];
  const call = {
    signal: t.signal,
    emit: (event: { type: string; problem?: Problem }) => {
      if (event.problem !== undefined) problems.push(event.problem);
    },
  };
  traced.copied([result(null)], call.emit);
  const first = traced.verdict();
  assert.equal(first.kind, "traced");
  assert.deepEqual([first.readBytes, first.unreadBytes, first.samples], [CELL, 3 * CELL, 12]);
  assert.equal((await traced.compareRest([disk], call)).kind, "full");
  assert.deepEqual(problems, []);
  image[2 * CELL + 77] = 8;
  await writeFile(path, image);
  const found = await traced.compareRest([disk], call);
  assert.equal(found.kind, "differs");
  assert.deepEqual(found.differing, [{ disk: 1, start: 2 * CELL, end: 3 * CELL }]);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["writes-missed"],
  );
});

test("without a record, or when the sample finds a miss, everything was read, and it says why", () => {
  const none = new Traced("another boot");
  none.copied([{ ...result(null), sample: null }], () => undefined);
  assert.deepEqual([none.verdict().kind, none.verdict().why], ["all", "another boot"]);
  const missed = new Traced(known);
  const codes: string[] = [];
  missed.copied([result({ start: 5, end: 6 })], (event) => {
    if (event.type === "problem") codes.push(event.problem.code);
  });
  assert.equal(missed.verdict().kind, "all");
  assert.match(missed.verdict().why, /sample/u);
  assert.deepEqual(codes, ["writes-missed"]);
});
