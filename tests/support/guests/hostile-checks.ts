// SPDX-License-Identifier: Apache-2.0
// What holds after any conversion of a guest that somebody prepared against us.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { leftovers } from "../cli.ts";
import { type ConvertedGuest, convertGuest, type Hostile, leaks, RELEASE, TARGETS } from "./hostile-guest.ts";

const skip = process.getuid?.() === 0 ? false : "mounts file systems: run it as root";
export const limits = { skip, timeout: 120_000 };

/** Also what is only read, or made anew. */
export const FILES = [
  ...Object.keys(TARGETS),
  "/etc/hostname",
  "/etc/os-release",
  "/etc/udev/rules.d/70-p2v-net.rules",
  `/boot/config-${RELEASE}`,
  "/usr/sbin/policy-rc.d",
];

/** What holds for every guest: a person reads no stack trace and no control character, and nothing outside is touched. */
export async function assertHarmless(guest: Hostile, ended: ConvertedGuest): Promise<void> {
  assert.doesNotMatch(ended.stderr, /a bug; please report|\n\s+at .*:\d+:\d+/);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(ended.stderr + ended.stdout, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  const isTold = /^(?:virt-p2v: .+\n {2}|STOPS: )\S/m.test(ended.stderr + ended.stdout);
  assert.ok(ended.code === 0 || isTold, ended.stderr);
  await guest.outside.assertUntouched();
  assert.deepEqual(await leaks(guest, ended, guest.outside.secret), []);
  assert.deepEqual(await leftovers(), []);
}

export async function convertHarmlessly(t: TestContext, guest: Hostile): Promise<ConvertedGuest> {
  const ended = await convertGuest(guest);
  t.diagnostic(
    `${ended.said?.changes.length}; exit ${ended.code}, ${Math.round(ended.peakBytes / 2 ** 20)} MiB: ${ended.stderr.split("\n")[0] ?? ""}`,
  );
  await assertHarmless(guest, ended);
  return ended;
}
