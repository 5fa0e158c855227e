// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { assertLinear } from "../support/growth.ts";

const spend = (steps: number): number => {
  let sum = 0;
  for (let step = 0; step < steps; step += 1) sum = (sum * 31 + step) % 1_000_003;
  return sum;
};

/** Steps that take this machine about 0.1 s. */
function stepsOfSeconds(): number {
  let steps = 2 ** 22;
  for (;;) {
    const before = process.cpuUsage();
    spend(steps);
    const seconds = process.cpuUsage(before).user / 1e6;
    if (seconds > 0.05) return Math.ceil((steps * 0.1) / seconds);
    steps *= 2;
  }
}

test("four times the work for four times as much passes, sixteen times does not, however fast the machine is", async () => {
  const steps = stepsOfSeconds();
  const enoughSeconds = 0.01;
  await assertLinear("linear", (scale) => spend((steps * scale) / 4), { enoughSeconds });
  await assert.rejects(
    assertLinear("quadratic", (scale) => spend((steps * scale ** 2) / 16), { enoughSeconds }),
    /quadratic: .* for four times as much/,
  );
});
