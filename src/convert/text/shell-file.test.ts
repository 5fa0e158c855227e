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

test("a quoted value may hold a #, and go on over lines; one of several parts stays", () => {
  const seen: string[] = [];
  const edit = (text: string): string =>
    editAssignments(text, (name, value) => {
      seen.push(`${name}: ${value}`);
      return name === "A" ? `${value}+` : null;
    });
  assert.equal(edit('A="x #y"\n'), 'A="x #y+"\n');
  assert.equal(edit('A="x \\\n  y" # why\nB=1\n'), 'A="x \\\n  y+" # why\nB=1\n');
  assert.equal(edit("A='x\ny'\n"), "A='x\ny+'\n");
  assert.equal(edit('A="a \\"b\\" c"\n'), 'A="a \\"b\\" c+"\n');
  assert.deepEqual(seen, ["A: x #y", "A: x \\\n  y", "B: 1", "A: x\ny", 'A: a \\"b\\" c']);
  for (const kept of ['A="x"$b"y"\n', 'A="x\n', "A=`x`\n", 'A=x"y"\n', 'A="x\nB=1\n'])
    assert.equal(edit(kept), kept);
});
