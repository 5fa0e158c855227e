// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./nearest.ts";

test("nearest() forgives letters that are missing, too many or wrong, and guesses at nothing else", () => {
  const known = ["migrate", "inspect", "iso build", "plan", "to"];
  assert.equal(nearest("migrat", known), "migrate");
  assert.equal(nearest("inpsect", known), "inspect");
  assert.equal(nearest("iso bild", known), "iso build");
  assert.equal(nearest("too", known), "to");
  for (const word of ["copy", "x", "", "backup", "m".repeat(5000)]) assert.equal(nearest(word, known), null);
});
