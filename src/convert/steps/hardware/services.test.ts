// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, propose } from "../../../../tests/support/guests/convert-guest.ts";
import { testGuestOS, testIntent } from "../../../../tests/support/guests/sample-guest.ts";

test("services are taken out of the boot as each init does it", async (t) => {
  const files = {
    "/etc/systemd/system/multi-user.target.wants/smartd.service": {
      link: "/usr/lib/systemd/system/smartd.service",
    },
    "/etc/systemd/system/multi-user.target.wants/sshd.service": {
      link: "/usr/lib/systemd/system/sshd.service",
    },
    "/etc/runlevels/default/lm_sensors": { link: "/etc/init.d/lm_sensors" },
    "/etc/init/mcelog.conf": "start on started rc\n",
    "/etc/rc2.d/S20smartmontools": { link: "../init.d/smartmontools" },
  };
  const fake = await fakeGuest(t, {
    files,
    guest: testGuestOS({ kernels: [] }),
    intent: { ...testIntent(), nics: [] },
  });
  const { changes } = await propose(fake);
  assert.deepEqual(changes.map(({ path, after }) => `${path} ${after.kind}`).toSorted(), [
    "/etc/init/mcelog.override bytes",
    "/etc/rc2.d/K80smartmontools link",
    "/etc/rc2.d/S20smartmontools absent",
    "/etc/runlevels/default/lm_sensors absent",
    "/etc/systemd/system/multi-user.target.wants/smartd.service absent",
  ]);
});
