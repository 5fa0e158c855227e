// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenMessage } from "../wire/index.ts";
import { decideOpening } from "./opening.ts";
import { ReceiverProblem } from "./problem.ts";

const MIB = 2 ** 20;
const REQUEST: OpenMessage = {
  type: "open",
  seq: 1,
  disk: "d-1.img",
  sizeBytes: 3 * MIB,
  segmentBytes: MIB,
  format: "raw",
  mode: "resume",
  join: false,
};
const decide = (more: Partial<OpenMessage>, image: number | "any" | null, hashes: number | null): unknown =>
  decideOpening({ ...REQUEST, ...more }, { image, hashes }, "d-1.img.partial");
const code = (wanted: string) => (error: unknown) =>
  error instanceof ReceiverProblem && error.problem.code === wanted;

test("decideOpening(): `resume` keeps what fits, and trusts no hashes of another grid", () => {
  assert.deepEqual(decide({}, 3 * MIB, 96), { kind: "keep", hashes: "keep" });
  assert.deepEqual(decide({}, 3 * MIB, 64), { kind: "keep", hashes: "make" });
  assert.deepEqual(decide({}, 3 * MIB, null), { kind: "keep", hashes: "make" });
  assert.deepEqual(decide({}, 3 * MIB - 1, 96), { kind: "make" });
  assert.deepEqual(decide({}, null, 96), { kind: "make" });
});

test("decideOpening(): a packed image may have any length, as it lies there", () => {
  assert.deepEqual(decide({ format: "qcow2" }, "any", 96), { kind: "keep", hashes: "keep" });
  assert.throws(() => decide({ format: "qcow2", mode: "new" }, "any", null), code("destination-exists"));
  assert.deepEqual(decide({ format: "qcow2", join: true, mode: "new" }, "any", 96), {
    kind: "keep",
    hashes: "keep",
  });
});

test("decideOpening(): `new` makes, or refuses; `replace` makes", () => {
  assert.deepEqual(decide({ mode: "new" }, null, 96), { kind: "make" });
  assert.throws(() => decide({ mode: "new" }, 3 * MIB, 96), code("destination-exists"));
  assert.deepEqual(decide({ mode: "replace" }, 3 * MIB, 96), { kind: "make" });
});

test("decideOpening(): a further lane makes nothing, whatever its mode", () => {
  for (const mode of ["new", "resume", "replace"] as const) {
    assert.deepEqual(decide({ join: true, mode }, 3 * MIB, 96), { kind: "keep", hashes: "keep" });
    assert.throws(() => decide({ join: true, mode }, null, 96), code("destination-gone"));
    assert.throws(() => decide({ join: true, mode }, 3 * MIB, null), code("destination-gone"));
    assert.throws(() => decide({ join: true, mode }, 2 * MIB, 96), code("destination-changed"));
    assert.throws(() => decide({ join: true, mode }, 3 * MIB, 64), code("destination-changed"));
  }
});
