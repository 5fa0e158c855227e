// SPDX-License-Identifier: Apache-2.0
// x86-64 levels by flags.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuLevelOf } from "./cpu-level.ts";
import { known } from "./machine.ts";

const V2 = ["lm", "cx16", "lahf_lm", "popcnt", "sse4_1", "sse4_2", "ssse3"];
const V3 = [...V2, "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"];
const V4 = [...V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"];

test("cpuLevelOf() follows the x86-64 psABI", () => {
  const level = (flags: readonly string[]) => cpuLevelOf(new Set(flags));
  assert.deepEqual(level(["lm", "sse2"]), known(1));
  assert.deepEqual(level(V2), known(2));
  assert.deepEqual(level(V3), known(3));
  assert.deepEqual(level(V4), known(4));
  assert.deepEqual(level(V4.filter((flag) => flag !== "abm")), known(2), "a level needs all below it");
  assert.equal(level(["fpu", "sse2"]).kind, "unknown", "32 bits");
  assert.equal(level([]).kind, "unknown");
});
