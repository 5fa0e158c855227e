// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProblemCode, UserError } from "../core/index.ts";
import { mayHeal, pauseMs } from "./connection.ts";

const error = (code: ProblemCode): UserError => new UserError(code, "text", { advice: "advice" });

test("mayHeal() tries again what time may fix, and nothing that a person must fix", () => {
  for (const code of [
    "link-lost",
    "host-refused",
    "host-timeout",
    "host-closed",
    "destination-full",
  ] as const)
    assert.ok(mayHeal(error(code), { known: false }), code);
  for (const code of [
    "host-key-changed",
    "host-login-refused",
    "destination-read-only",
    "protocol",
    "cell-differs",
    "ssh-config-wrong",
  ] as const)
    assert.ok(!mayHeal(error(code), { known: true }), code);
  assert.ok(!mayHeal(new Error("link-lost"), { known: true }), "a bug is not a broken link");
});

test("mayHeal() waits for the job's own former agent, not for another job", () => {
  assert.ok(mayHeal(error("destination-busy"), { known: true }));
  assert.ok(!mayHeal(error("destination-busy"), { known: false }));
});

test("pauseMs() grows to half a minute", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 99].map(pauseMs),
    [1000, 2000, 4000, 8000, 15_000, 30_000, 30_000, 30_000],
  );
});
