// SPDX-License-Identifier: Apache-2.0
// A server under load whose writes the kernel recorded until all was unmounted: what the live system reads before the VM is done is what was
// written and a sample, and in the end all the rest is found the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutOver } from "../support/vms/hot-cutover.ts";

test("a server under load is cut over by the record of its writes", { timeout: 90 * 60_000 }, async (t) => {
  const { compared = null, disks } = await cutOver(t, { flags: ["--trust-writes"] });
  assert.ok(compared !== null);
  const usedBytes = disks.reduce((sum, disk) => sum + disk.usedBytes, 0);
  const { readBytes, sampledBytes, unreadBytes, kind, why } = compared;
  t.diagnostic(
    `${readBytes + sampledBytes} of ${usedBytes} bytes were read for the copy, ${unreadBytes} later`,
  );
  assert.equal(kind, "full", why);
  assert.ok(readBytes + sampledBytes < usedBytes / 2, JSON.stringify(compared));
});
