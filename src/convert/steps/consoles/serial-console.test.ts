// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderInittab } from "./serial-console.ts";

test("renderInittab() adds a login once, under an id that is free", () => {
  const once = renderInittab("T0:23:respawn:/sbin/mgetty ttyS3\n", { xen: false });
  assert.equal(
    once,
    "T0:23:respawn:/sbin/mgetty ttyS3\np2vS:2345:respawn:/sbin/getty -L ttyS0 115200 vt100\n",
  );
  assert.equal(renderInittab(once, { xen: false }), once);
});
