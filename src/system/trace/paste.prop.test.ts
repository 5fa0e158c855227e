// SPDX-License-Identifier: Apache-2.0
// A line of a trace, pasted into a shell, starts the program with the very same words; whatever a guest put into them.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { check } from "../../../tests/support/laws.ts";
import { forgetSecrets } from "../../core/index.ts";
import { run } from "../programs/run.ts";
import { renderTraceLine } from "./line.ts";

/** No long runs of letters: what looks like a secret is hidden, and that is another test's. */
const word = fc
  .array(
    fc.constantFrom(
      "a",
      "-",
      " ",
      "'",
      '"',
      "\\",
      "$",
      "`",
      ";",
      "#",
      "\n",
      "\r",
      "\t",
      "\u001b",
      "\u202e",
      "é",
      "*",
      "(",
      "!",
    ),
    {
      maxLength: 12,
    },
  )
  .map((letters) => letters.join(""));

test("a pasted line has the same words, on one line, and nothing a terminal would obey", (t) =>
  check(
    t,
    fc.asyncProperty(fc.array(word, { maxLength: 5 }), word, async (words, host) => {
      forgetSecrets(); // one of another test may be a word of this one
      const line = renderTraceLine(
        { argv: ["printf", "<%s>", ...words], on: host },
        { kind: "ended", at: new Date(0), seconds: 1, end: { kind: "lost", why: host }, number: null },
      );
      assert.match(line, /^[^\n]*\n$/);
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(line.trimEnd(), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      const printed = words.length === 0 ? "<>" : words.map((one) => `<${one}>`).join("");
      for (const shell of ["bash", "busybox"]) {
        const argv = shell === "bash" ? ["bash", "-c", line] : ["busybox", "sh", "-c", line];
        assert.equal((await run(argv)).stdout, printed, `${shell}: ${line}`);
      }
    }),
    { runs: 60 },
  ));
