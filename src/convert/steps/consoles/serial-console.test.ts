// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeGuest, propose, textAfter } from "../../../../tests/support/guests/convert-guest.ts";
import { testGuestOS } from "../../../../tests/support/guests/sample-guest.ts";
import type { GuestOS } from "../../../core/index.ts";
import { renderInittab } from "./serial-console.ts";

test("renderInittab() adds a login once, under an id that is free", () => {
  const once = renderInittab("T0:23:respawn:/sbin/mgetty ttyS3\n", { xen: false });
  assert.equal(
    once,
    "T0:23:respawn:/sbin/mgetty ttyS3\np2vS:2345:respawn:/sbin/getty -L ttyS0 115200 vt100\n",
  );
  assert.equal(renderInittab(once, { xen: false }), once);
});

test("the login is written in the form that this init reads, and not where that is not known", async (t) => {
  const after = async (init: GuestOS["init"], inittab: string): Promise<string | null> => {
    const guest = await fakeGuest(t, { files: { "/etc/inittab": inittab }, guest: testGuestOS({ init }) });
    const { changes } = await propose(guest);
    const isChanged = changes.some(({ path }) => path === "/etc/inittab");
    return isChanged ? await textAfter(changes, "/etc/inittab", guest.blobs) : null;
  };
  const busybox = "null::sysinit:/bin/mount -a\ntty1::respawn:/sbin/getty 38400 tty1\n";
  const sysv = "id:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\n";
  const withSysv = `${sysv}T0:2345:respawn:/sbin/getty -L ttyS0 115200 vt100\n`;
  const withBusybox = `${busybox}ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n`;
  assert.equal(await after("busybox", busybox), withBusybox);
  assert.equal(await after("busybox", withBusybox), null);
  assert.equal(await after("sysv", sysv), withSysv);
  assert.equal(await after("openrc", sysv), withSysv);
  for (const init of ["unknown", "systemd"] as const) assert.equal(await after(init, sysv), null, init);
});
