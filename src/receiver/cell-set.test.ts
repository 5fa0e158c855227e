// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CellSet } from "./cell-set.ts";

const cell = fc.oneof(fc.nat(40), fc.integer({ min: 32_760, max: 32_780 }), fc.constant(2 ** 24 - 1));
const cells = fc.tuple(cell, cell).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
const act = fc.oneof(
  fc.record({ kind: fc.constantFrom("add", "delete"), cell }),
  fc.record({ kind: fc.constant("deleteAll"), cells }),
);

test("CellSet is a set of numbers", () => {
  fc.assert(
    fc.property(fc.array(act), cells, (acts, asked) => {
      const [set, model] = [new CellSet(), new Set<number>()];
      for (const done of acts)
        if ("cells" in done) {
          set.deleteAll(done.cells);
          for (const known of model)
            if (known >= done.cells.first && known < done.cells.last) model.delete(known);
        } else if (done.kind === "add") {
          set.add(done.cell);
          model.add(done.cell);
        } else {
          set.delete(done.cell);
          model.delete(done.cell);
        }
      for (const known of [...model, asked.first, asked.last]) assert.equal(set.has(known), model.has(known));
      const any = [...model].some((known) => known >= asked.first && known < asked.last);
      assert.equal(set.hasAny(asked), any);
    }),
  );
});
