// SPDX-License-Identifier: Apache-2.0
// What starts a system is told by evidence, and never for want of another answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemoryFile, memoryView } from "../../system/index.ts";
import { initOfInittab, readInit } from "./init.ts";

const SYSV = "# runlevel\nid:3:initdefault:\nsi::sysinit:/etc/rc.d/rc.sysinit\n";
const BUSYBOX = "# no runlevels\n::sysinit:/etc/init.d/rcS\n::askfirst:-/bin/sh\n";

const of = async (files: Record<string, MemoryFile>): Promise<string> => await readInit(memoryView(files));

test("sysvinit is told by its inittab", async () => {
  assert.equal(await of({ "/sbin/init": "x", "/etc/inittab": SYSV }), "sysv");
  const debian = { "/sbin/init": { link: "../lib/sysvinit/init" }, "/lib/sysvinit/init": "x" };
  assert.equal(await of({ ...debian, "/etc/inittab": SYSV }), "sysv");
  assert.equal(await of({ "/etc/inittab": SYSV }), "sysv", "/usr is not there");
  assert.equal(await of({ "/sbin/init": "x" }), "unknown");
  assert.equal(await of({ "/sbin/init": "x", "/etc/inittab": "#id:3:initdefault:\n" }), "unknown");
});

test("busybox' init is told by its link, or by its form of inittab", async () => {
  const busybox = { "/sbin/init": { link: "/bin/busybox" }, "/bin/busybox": "x" };
  for (const inittab of [{}, { "/etc/inittab": BUSYBOX }, { "/etc/inittab": SYSV }])
    assert.equal(await of({ ...busybox, ...inittab }), "busybox");
  assert.equal(await of({ "/sbin/init": "x", "/etc/inittab": BUSYBOX }), "busybox");
  assert.equal(initOfInittab("null::sysinit:/bin/mount -a\n"), "busybox");
});

test("another init is unknown, also beside an inittab that was left", async () => {
  for (const name of ["runit-init", "s6-svscan", "finit", "dinit", "shepherd"]) {
    const files = { "/sbin/init": { link: name }, [`/sbin/${name}`]: "x" };
    assert.equal(await of(files), "unknown", name);
    assert.equal(await of({ ...files, "/etc/inittab": SYSV }), "unknown", name);
  }
});

test("an inittab too large to be one says nothing", async () => {
  assert.equal(await of({ "/sbin/init": "x", "/etc/inittab": SYSV + "#".repeat(100_000) }), "unknown");
});
