// SPDX-License-Identifier: Apache-2.0
// What the gauge shows fits into its box: dialog cuts what does not, in the middle of a word.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeProblem } from "../../core/index.ts";
import { TEXT_COLUMNS, TEXT_ROWS } from "./box.ts";
import { Gauge } from "./gauge.ts";

const WORDS =
  "Makes netplan's match find the VM's cards, where it asks for another address or driver of the old machine";

test("a long step is broken at words, and one without end is shortened with an ellipsis", () => {
  const gauge = new Gauge(() => 0);
  gauge.take({ type: "phase", phase: "plan", state: "begun" });
  gauge.take({ type: "step", phase: "plan", text: WORDS });
  assert.deepEqual(gauge.text().split("\n").slice(2), [
    "  Makes netplan's match find the VM's cards, where it asks for another",
    "    address or driver of the old machine",
  ]);
  gauge.take({ type: "step", phase: "plan", text: "no blank ".repeat(60) });
  assert.match(gauge.text(), / \.\.\.$/);
});

test("whatever is said, the box holds all lines, and the last step is in it", () => {
  const gauge = new Gauge(() => 0);
  gauge.take({ type: "phase", phase: "plan", state: "begun" });
  for (let n = 0; n < 40; n += 1) {
    gauge.take({
      type: "step",
      phase: "plan",
      text: `${n} ${WORDS} ${"漢".repeat(n)} /${"x".repeat(n * 3)}`,
    });
    const problem = makeProblem("source-changed", { about: [], text: `${WORDS} ${n}`, advice: "" });
    gauge.take({ type: "problem", problem });
    const lines = gauge.text().split("\n");
    assert.ok(lines.length <= TEXT_ROWS, `${lines.length} lines`);
    for (const line of lines) assert.ok(line.length <= TEXT_COLUMNS, line);
    assert.ok(gauge.text().includes(`machine ${n}`), gauge.text());
  }
});
