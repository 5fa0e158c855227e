// SPDX-License-Identifier: Apache-2.0
// Each guest is in one column, and the goldens' own systems are in theirs.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { testGuestOS } from "../../tests/support/guests/sample-guest.ts";
import { supportOf } from "./support.ts";

const CASES = join(import.meta.dirname, "../../tests/golden/convert");

test("supportOf() puts each system of the conversion goldens into the column `goldens`", () => {
  let seen = 0;
  for (const entry of readdirSync(CASES, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const found = JSON.parse(readFileSync(join(CASES, entry.name, "changes.json"), "utf8")) as {
      guest?: Parameters<typeof testGuestOS>[0];
    };
    if (found.guest === undefined) continue;
    assert.equal(supportOf(testGuestOS(found.guest)), "goldens", entry.name);
    seen += 1;
  }
  assert.ok(seen >= 13);
});

test("supportOf() calls booted what the matrix boots, and generic what no test has", () => {
  assert.equal(supportOf(testGuestOS()), "booted");
  assert.equal(supportOf(testGuestOS({ version: "10" })), "goldens");
  assert.equal(supportOf(testGuestOS({ arch: "aarch64" })), "generic");
  assert.equal(supportOf(testGuestOS({ init: "sysv" })), "booted");
  assert.equal(supportOf(testGuestOS({ init: "openrc" })), "goldens");
  assert.equal(supportOf(testGuestOS({ initramfsTool: "generic" })), "generic");
  assert.equal(supportOf(testGuestOS({ id: "void", version: "" })), "generic");
  assert.equal(supportOf(testGuestOS({ id: "sles", version: "11.4", initramfsTool: "mkinitrd" })), "generic");
});
