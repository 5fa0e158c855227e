// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, propose } from "../../../tests/support/guests/convert-guest.ts";
import { testGuestOS, testIntent } from "../../../tests/support/guests/sample-guest.ts";

test("optional steps are told with their switch, and done when it is given", async (t) => {
  const files = {
    "/etc/multipath/wwids": "# Valid WWIDs:\n/360000000000000000e00000000010001/\n",
    "/etc/securetty": "console\ntty1\n",
    "/etc/rc.d/rc3.d/S90hp-health": { link: "../init.d/hp-health" },
  };
  const fake = await fakeGuest(t, { files, guest: testGuestOS({ init: "sysv", kernels: [] }) });
  const plain = await propose(fake);
  assert.deepEqual(
    plain.changes.map(({ path }) => path),
    ["/etc/udev/rules.d/70-p2v-net.rules"],
  );
  const offered = plain.problems.filter(({ code }) => code === "step-offered");
  assert.deepEqual(
    offered.map(({ advice }) => advice),
    ["multipath", "vendor-agents", "securetty"].map((name) => `--with ${name} makes these changes`),
  );
  const intent = { ...testIntent(), withSteps: ["multipath", "vendor-agents", "securetty"] };
  const done = await propose({ ...fake, intent });
  assert.deepEqual(done.changes.map(({ path, after }) => `${path} ${after.kind}`).toSorted(), [
    "/etc/multipath/wwids absent",
    "/etc/rc.d/rc3.d/K10hp-health link",
    "/etc/rc.d/rc3.d/S90hp-health absent",
    "/etc/securetty bytes",
    "/etc/udev/rules.d/70-p2v-net.rules bytes",
  ]);
});
