// SPDX-License-Identifier: Apache-2.0
// A server under load is cut over: everything in use is compared.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutOver } from "../support/vms/hot-cutover.ts";

test("a server under load is cut over", { timeout: 90 * 60_000 }, async (t) => {
  const { compared = null } = await cutOver(t);
  assert.equal(compared, null);
});
