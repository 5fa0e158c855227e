// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemEntries, UserError } from "../../../core/index.ts";
import { mayHeal as mayLinkHeal } from "../../../copy/connection.ts";
import { mayHeal } from "./live.ts";

const error = (code: UserError["code"]): UserError => new UserError(code, "words", { advice: "advice" });

test("the live CD waits for what a copy waits for, and for nothing that a person must correct", () => {
  for (const [code] of problemEntries())
    assert.equal(mayHeal(error(code)), mayLinkHeal(error(code), { known: false }), code);
  for (const code of ["host-refused", "host-name-unknown", "answers-not-fetched", "link-lost"] as const)
    assert.ok(mayHeal(error(code)), code);
  for (const code of ["ssh-config-wrong", "host-too-old", "host-login-refused", "host-no-shell"] as const)
    assert.ok(!mayHeal(error(code)), code);
  assert.ok(!mayHeal(new Error("a bug")));
});
