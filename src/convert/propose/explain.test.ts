// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../core/index.ts";
import { explainSteps, skipAllBut } from "./explain.ts";

test("every step is explained in a line, once", () => {
  const steps = explainSteps();
  const names = steps.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { explains } of steps) assert.match(explains, /^[A-Z].{20,140}[^.\n]$/);
});

test("only some steps: all others are skipped, and a word that is none is told the nearest", () => {
  assert.deepEqual(skipAllBut([]), []);
  const skipped = skipAllBut(["fstab", "grub"]);
  assert.ok(!skipped.includes("fstab") && !skipped.includes("grub") && skipped.includes("initramfs"));
  assert.throws(
    () => skipAllBut(["initram-fs"]),
    (error) => error instanceof UserError && /Did you mean initramfs\?/.test(error.advice),
  );
});
