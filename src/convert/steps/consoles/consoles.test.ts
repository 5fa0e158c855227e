// SPDX-License-Identifier: Apache-2.0
import { test } from "node:test";
import { assertEdit } from "../../../../tests/support/edits.ts";
import { withoutLostConsoles } from "./consoles.ts";

test("logins on lines that the VM does not have become comments", () => {
  assertEdit(
    (text) => withoutLostConsoles(text, "libvirt"),
    "1:2345:respawn:/sbin/mingetty tty1\nco:2345:respawn:/sbin/agetty ttyS1 115200 vt100\nh0:2345:respawn:/sbin/agetty xvc0 9600\nsi::sysinit:/etc/rc.d/rc.sysinit\n",
    "1:2345:respawn:/sbin/mingetty tty1\n# virt-p2v: the VM has no such line\n# co:2345:respawn:/sbin/agetty ttyS1 115200 vt100\n# virt-p2v: the VM has no such line\n# h0:2345:respawn:/sbin/agetty xvc0 9600\nsi::sysinit:/etc/rc.d/rc.sysinit\n",
  );
});

test("so do those of busybox, whose id may be empty", () => {
  const first = "::sysinit:/sbin/openrc sysinit\n::askfirst:-/bin/sh\n";
  assertEdit(
    (text) => withoutLostConsoles(text, "libvirt"),
    `${first}::respawn:/sbin/getty 9600 ttyS1\n`,
    `${first}# virt-p2v: the VM has no such line\n# ::respawn:/sbin/getty 9600 ttyS1\n`,
  );
});
