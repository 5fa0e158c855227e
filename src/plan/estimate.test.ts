// SPDX-License-Identifier: Apache-2.0
// What limits a copy, whether it fits, and what to do where it does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { estimateLines, estimateTime, parseWindowEnd, type Samples } from "./estimate.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const samples: Samples = {
  readBytesPerSecond: 200 * MIB,
  linkBytesPerSecond: 10 * MIB,
  packBytesPerSecond: 400 * MIB,
  packedShare: 0.5,
};
const disks = [
  { number: 1, path: "/dev/sda", sizeBytes: 100 * GIB, usedBytes: 20 * GIB },
  { number: 2, path: "/dev/sdb", sizeBytes: 900 * GIB, usedBytes: 400 * GIB },
];
const input = { disks, samples, limitBytesPerSecond: null, update: false, leavable: [2], window: null };
const now = new Date("2026-11-24T22:00:00Z");
const until = (hours: number) => ({ now, endsAt: new Date(now.getTime() + hours * 3_600_000) });

test("the slowest of disk, link, CPU and limit decides", () => {
  const all = 420 * GIB;
  const link = estimateTime(input);
  assert.deepEqual([link.limitedBy, link.seconds], ["link", all / 2 / (10 * MIB)]);
  const limit = estimateTime({ ...input, limitBytesPerSecond: 5 * MIB });
  assert.deepEqual([limit.limitedBy, limit.seconds], ["limit", all / 2 / (5 * MIB)]);
  const disk = estimateTime({ ...input, samples: { ...samples, linkBytesPerSecond: null } });
  assert.deepEqual([disk.limitedBy, disk.seconds], ["disk", all / (200 * MIB)]);
  const cpu = estimateTime({
    ...input,
    samples: { ...samples, linkBytesPerSecond: null, packBytesPerSecond: 100 * MIB },
  });
  assert.equal(cpu.limitedBy, "cpu");
  const update = estimateTime({ ...input, update: true });
  assert.deepEqual(
    [update.limitedBy, update.seconds],
    ["disk", all / (200 * MIB)],
    "only what differs is sent",
  );
});

test("a window: it fits with caution, else a disk is left out or a second pass follows", () => {
  assert.equal(estimateTime({ ...input, window: until(10) }).window?.fits, true);
  // 5.97 h of copying, and a quarter more, and five minutes for the rest.
  assert.equal(estimateTime({ ...input, window: until(7) }).window?.fits, false);
  const short = estimateTime({ ...input, window: until(2) });
  assert.match(short.window?.advice ?? "", /leave out disk 2 \(\/dev\/sdb, 400 GiB\): then about 17 min/);
  assert.match(short.window?.advice ?? "", /--update in the next window: then about 35 min/);
  const needed = estimateTime({ ...input, leavable: [], window: until(2) });
  assert.doesNotMatch(needed.window?.advice ?? "", /leave out/);
  const past = estimateTime({ ...input, window: until(-1) });
  assert.equal(past.window?.fits, false);
  assert.match(estimateLines(past)[1] ?? "", /does NOT fit: 0 s until/);
});

test("estimateLines() says what was measured and what limits", () => {
  assert.deepEqual(estimateLines(estimateTime({ ...input, window: until(10) })), [
    "the copy takes about 5 h 58 min; the link limits it (measured: disks 200 MiB/s, link 10.0 MiB/s, packed to 50 %; not the host's own disks)",
    "it fits: 10 h 0 min until the window ends",
  ]);
  const here = { ...samples, linkBytesPerSecond: null, packBytesPerSecond: null, packedShare: 1 };
  assert.deepEqual(estimateLines(estimateTime({ ...input, samples: here })), [
    "the copy takes about 35 min 50 s; reading the disks limits it (measured: disks 200 MiB/s; not the host's own disks)",
  ]);
});

test("parseWindowEnd() takes a clock's time or a date with it", () => {
  const at = new Date(2026, 10, 24, 22, 0);
  assert.deepEqual(parseWindowEnd("06:30", at), new Date(2026, 10, 25, 6, 30));
  assert.deepEqual(parseWindowEnd("23:00", at), new Date(2026, 10, 24, 23, 0));
  assert.deepEqual(parseWindowEnd("22:00", at), new Date(2026, 10, 25, 22, 0));
  assert.deepEqual(parseWindowEnd("2026-11-26T01:00", at), new Date(2026, 10, 26, 1, 0));
  assert.deepEqual(parseWindowEnd("2026-11-26T01:00Z", at), new Date(Date.UTC(2026, 10, 26, 1, 0)));
  for (const text of ["", "6", "24:00", "6:60", "tomorrow", "2026-13-26T01:00", "1e9"])
    assert.equal(parseWindowEnd(text, at), null, text);
});
