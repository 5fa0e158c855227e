// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { errorOf, UserError } from "../errors.ts";
import { EXIT_CODES } from "./area.ts";
import { makeProblem } from "./problem.ts";
import { mountsIn, named, namesIn } from "./subject.ts";
import { parseReceiverCode, problemEntries, PROBLEMS, TABLES } from "./table.ts";

test("every code stands in one table, in kebab case, with one plain sentence", () => {
  const all = TABLES.flatMap((table) => Object.keys(table));
  assert.deepEqual(
    all.filter((code, index) => all.indexOf(code) !== index),
    [],
  );
  assert.equal(problemEntries().length, all.length);
  for (const [code, { means }] of problemEntries()) {
    assert.match(code, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.match(means, /^\S.*[^.]\.$/, code);
  }
});

test("a code that begins with destination is one, and what may heal stops until then", () => {
  for (const [code, { area, heals, severity }] of problemEntries()) {
    if (code.startsWith("destination-")) assert.equal(area, "destination", code);
    if (heals) assert.equal(severity, "stops", `${code}: what goes on need not heal`);
  }
});

test("a problem has its severity from the table, unless whoever finds it knows better", () => {
  const words = { about: [], text: "It is so", advice: "Do this" };
  assert.equal(makeProblem("host-clock", words).severity, "warns");
  assert.equal(makeProblem("host-memory", { ...words, severity: "warns" }).severity, "warns");
});

test("a problem that ends the run has the area and the exit code of its code", () => {
  const error = errorOf(makeProblem("host-memory", { about: [], text: "Too little", advice: "Less" }));
  assert.ok(error instanceof UserError);
  assert.deepEqual([error.code, error.area, error.heals], ["host-memory", "host", false]);
  assert.deepEqual([error.message, error.advice], ["Too little", "Less"]);
  assert.equal(EXIT_CODES[error.area], 4);
});

test("code knows what a problem is about without its words, and cannot read them", () => {
  const mount = { kind: "mount", spec: "/dev/sdb1", path: "/srv", type: "ext4" } as const;
  const problem = makeProblem("md-degraded", {
    about: [...named("array", "0", "root"), mount],
    text: "words",
    advice: "more",
  });
  assert.deepEqual(namesIn(problem, "array"), ["0", "root"]);
  assert.deepEqual(namesIn(problem, "disk"), []);
  assert.deepEqual(mountsIn(problem), [mount]);
  // @ts-expect-error: words are for people
  assert.equal(problem.text.includes("words"), true);
  // @ts-expect-error: advice too
  assert.equal(/more/.test(problem.advice), true);
});

test("a typo in a code does not compile, and a code from the wire is one that a receiver may send", () => {
  // @ts-expect-error: it is destination-full
  assert.equal(PROBLEMS["destinaton-full"], undefined);
  assert.equal(parseReceiverCode("destination-full"), "destination-full");
  for (const code of ["", "luks-key-wrong", "interrupted", "toString", "__proto__", "destination-full\n"])
    assert.equal(parseReceiverCode(code), "agent-failed", code);
});
