// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { JobOutput } from "./job-output.ts";

/** All from a position on, with its stream. */
function rest(output: JobOutput, position: number): string {
  let text = "";
  for (let part = output.next(position); part !== null; part = output.next(part.at + part.bytes.length))
    text += `${part.stream}:${part.bytes.toString()} `;
  return text;
}

test("JobOutput gives each byte once, from any position, in the order of both streams", () => {
  const output = new JobOutput();
  output.push("out", Buffer.from("abc"));
  output.push("err", Buffer.from("de"));
  assert.equal(rest(output, 0), "out:abc err:de ");
  assert.equal(rest(output, 1), "out:bc err:de ");
  assert.equal(rest(output, 3), "err:de ");
  assert.equal(rest(output, 5), "");
  output.forget(4);
  assert.equal(output.keptBytes, 1);
  assert.equal(rest(output, 0), "err:e ");
  output.forget(2); // never back
  assert.equal(output.begin, 4);
});

test("JobOutput knows the line that is not finished, such as a question, within bounds", () => {
  const output = new JobOutput();
  output.push("out", Buffer.from("done\nBegin? "));
  output.push("err", Buffer.from("[y/N] "));
  output.forget(output.end);
  assert.equal(output.unfinishedLine.toString(), "Begin? [y/N] ");
  output.push("out", Buffer.from("\n"));
  assert.equal(output.unfinishedLine.length, 0);
  for (let index = 0; index < 100; index += 1) output.push("out", Buffer.alloc(4000, "x"));
  assert.ok(output.unfinishedLine.length <= 4096);
});
