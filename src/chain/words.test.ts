// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelWords, lastWord } from "./words.ts";

test("words of a kernel's command line, with quotes", () => {
  assert.deepEqual(kernelWords('ro  "root=LABEL=my root" dyndbg="file a +p" quiet\n'), [
    "ro",
    "root=LABEL=my root",
    "dyndbg=file a +p",
    "quiet",
  ]);
  assert.equal(lastWord('root="LABEL=my root" root=UUID=1', "root"), "UUID=1");
  assert.equal(lastWord("rootflags=x", "root"), null);
  assert.equal(kernelWords('"'.repeat(100_001)).length, 1);
});
