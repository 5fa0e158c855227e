// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseRoot, type RootEvidence } from "./choose-root.ts";

const system = (node: string, more: Partial<RootEvidence> = {}): RootEvidence => ({
  node,
  uuid: `uuid-of-${node}`,
  title: "Debian",
  ownLine: "itself",
  menu: "itself",
  isStarted: true,
  ...more,
});
const chosen = (all: readonly RootEvidence[], wanted: string | null = null) => {
  const { node, problems } = chooseRoot(all, wanted);
  return [node, problems.map(({ code }) => code).join()];
};

test("the system that the machine starts is taken, in whatever order the disks are", () => {
  const right = system("b");
  for (const wrong of [
    system("a", { ownLine: "another" }),
    system("a", { menu: "none", isStarted: false }),
    system("a", { menu: "another" }),
    system("a", { isStarted: false }),
    system("a", { ownLine: "silent" }),
  ]) {
    assert.deepEqual(chosen([wrong, right]), ["b", "several-systems"], JSON.stringify(wrong));
    assert.deepEqual(chosen([right, wrong]), ["b", "several-systems"]);
  }
});

test("a test that all pass, or none, tells nothing; the next one may", () => {
  const none = { menu: "none", ownLine: "silent" } as const;
  assert.deepEqual(chosen([system("a", { ...none, isStarted: false }), system("b", none)]), [
    "b",
    "several-systems",
  ]);
});

test("where two remain the plan stops, and says so alike in each order", () => {
  const [a, b] = [system("a"), system("b")];
  assert.deepEqual(chosen([a, b]), ["a", "root-unclear"]);
  assert.deepEqual(chooseRoot([b, a], null), chooseRoot([a, b], null));
  assert.match(String(chooseRoot([a, b], null).problems[0]?.advice), /--root uuid-of-a, or --root uuid-of-b/);
  assert.deepEqual(chosen([a, b], "b"), ["b", "several-systems"], "the user said which");
});

test("one system on two disks is one system twice", () => {
  const copies = [system("a", { uuid: "same" }), system("b", { uuid: "same" })];
  assert.deepEqual(chosen(copies), ["a", "system-twice"]);
  assert.deepEqual(chosen([...copies, system("c", { ownLine: "another" })]), ["a", "system-twice"]);
  assert.deepEqual(chosen(copies, "b"), ["b", "several-systems"]);
});
