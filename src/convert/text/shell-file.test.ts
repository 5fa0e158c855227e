// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { editAssignments } from "./shell-file.ts";

test("editAssignments() keeps quotes, comments and what it does not know", () => {
  const edit = (text: string): string =>
    editAssignments(text, (name, value) => (name === "A" ? `${value}+` : null));
  assert.equal(edit('A="x y" # why\n'), 'A="x y+" # why\n');
  assert.equal(edit("A='x'\r\n"), "A='x+'\r\n");
  assert.equal(edit(" export A=x\n#A=1\nB=A=2\n"), " export A=x+\n#A=1\nB=A=2\n");
  assert.equal(edit(`A=${" ".repeat(10_000)}x`), `A=${" ".repeat(10_000)}x`);
});
