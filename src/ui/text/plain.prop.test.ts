// SPDX-License-Identifier: Apache-2.0
// Whatever a guest says, a terminal does not obey it, and a program reads the same as before.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../../tests/support/laws.ts";
import { makeProblem } from "../../core/index.ts";
import { plain, renderJson } from "./plain.ts";
import { textPrinter } from "../print/progress.ts";

// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const words = fc.array(
  fc.oneof(
    fc.constantFrom(
      "\u001b]0;owned\u0007",
      "\u009b2J",
      "\r",
      "\u007f",
      "\u202e",
      "\n",
      "\t",
      "ä€🜚",
      "\u0085",
      "\u2066",
      "\ufffd",
    ),
    fc.string({ unit: "binary-ascii", maxLength: 10 }),
  ),
);
const text = words.map((all) => all.join(""));

test("plain() and renderJson() leave nothing that a terminal obeys, and all else", (t) =>
  check(
    t,
    fc.property(text, (one) => {
      assert.doesNotMatch(plain(one), OBEYED);
      assert.equal(plain(plain(one)), plain(one));
      assert.equal(plain(one).length, one.length);
      const json = renderJson({ [one]: one }, 2);
      assert.doesNotMatch(json, OBEYED);
      assert.deepEqual(JSON.parse(json), { [one]: one });
    }),
  ));

test("events with words of a guest are printed plainly", (t) =>
  check(
    t,
    fc.property(text, (one) => {
      let out = "";
      const { emit } = textPrinter({
        write: (part) => void (out += part),
        isTerminal: false,
        columns: 80,
        verbose: true,
      });
      emit({ type: "step", phase: "plan", text: one });
      emit({ type: "problem", problem: makeProblem("not-converted", { about: [], text: one, advice: one }) });
      assert.doesNotMatch(out, OBEYED);
    }),
    { runs: 100 },
  ));
