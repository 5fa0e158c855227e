// SPDX-License-Identifier: Apache-2.0
// Encrypted volumes without a key are told once, louder where the system may be in them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type BlockNode, makeProblem, named, type Problem } from "../../core/index.ts";
import { lockedVolumes, plainCopies } from "./locked.ts";

const luks = (uuid: string): BlockNode => ({
  id: `${uuid}/luks`,
  path: "/dev/sda",
  sizeBytes: 1,
  sectorBytes: 512,
  holds: { kind: "luks", uuid },
});

test("locked volumes are a note beside a system, a warning without one; opened ones and those that were told are not", () => {
  const storage = {
    nodes: [luks("a1"), luks("b2"), luks("c3")],
    edges: [{ from: "x", to: "b2/luks", map: null }],
  };
  const told: Problem[] = [
    makeProblem("luks-not-opened", { about: named("luks", "c3"), text: "It is not opened", advice: "" }),
  ];
  const [note, ...more] = lockedVolumes(storage, { hasGuest: true, told });
  assert.deepEqual(more, []);
  assert.equal(note?.severity, "notes");
  assert.match(String(note?.text), /^The LUKS volume a1 is copied whole/);
  const quoted = makeProblem("luks-not-opened", { about: [], text: "It is not a1", advice: "" });
  assert.equal(lockedVolumes(storage, { hasGuest: true, told: [quoted] }).length, 1, "words say nothing");
  const [warning] = lockedVolumes(storage, { hasGuest: false, told: [] });
  assert.equal(warning?.severity, "warns");
  assert.match(String(warning?.text), /^The LUKS volumes a1, c3 are .*none is converted$/);
  assert.deepEqual(lockedVolumes({ nodes: [], edges: [] }, { hasGuest: false, told: [] }), []);
});

test("that changed files of an encrypted root are kept in plain is said", () => {
  const storage = { nodes: [luks("a1")], edges: [{ from: "fs", to: "a1/luks", map: null }] };
  assert.equal(plainCopies(storage, { root: "fs" }).length, 1);
  assert.deepEqual(plainCopies(storage, { root: "other" }), []);
  assert.deepEqual(plainCopies(storage, null), []);
});
