// SPDX-License-Identifier: Apache-2.0
// The kernel's account of writes to a disk.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceVerdict, findWarnings, parseBlockStat } from "./counters.ts";

test("the kernel's account: counters that moved, lost their flag, or are not there", () => {
  const stat = "4431 11 24829 634 1657 1590 134509 474 0 476 1325 1 0 16 2 891 213";
  assert.deepEqual(parseBlockStat(stat), { sectorsWritten: 134_509n, sectorsDiscarded: 16n });
  assert.deepEqual(parseBlockStat("1 2 3 4 5 6 7 8 9 10 11"), { sectorsWritten: 7n, sectorsDiscarded: 0n });
  assert.equal(parseBlockStat(""), null);
  const counters = (sectorsWritten: bigint, sectorsDiscarded = 0n) => ({ sectorsWritten, sectorsDiscarded });
  const seen = {
    devices: [{ name: "sda" }],
    before: [counters(5n)],
    after: [counters(5n)],
    flags: [true],
    warningsBefore: new Set(["old"]),
    warnings: new Set(["old"]),
  };
  assert.match(deviceVerdict(seen).detail, /of sda did not move; no attempt to write/);
  assert.equal(deviceVerdict(seen).held, true);
  assert.match(deviceVerdict({ ...seen, warnings: null }).detail, /kernel log could not be read/);
  for (const [change, words] of [
    [{ after: [counters(9n)] }, /4 sectors of sda were written/],
    [{ after: [counters(5n, 8n)] }, /8 sectors of sda were discarded/],
    [{ after: [null] }, /no counters for sda/],
    [{ flags: [false] }, /made writable/],
    [{ warnings: new Set(["old", "new"]) }, /kernel log says: new/],
  ] as const) {
    const verdict = deviceVerdict({ ...seen, ...change });
    assert.equal(verdict.held, false);
    assert.match(verdict.detail, words);
  }
  const log =
    "[1.0] Trying to write to read-only block-device sda1\n[2.0] Trying to write to read-only block-device sdb\n";
  assert.deepEqual(
    [...findWarnings(log, ["sda", "sda1"])],
    ["[1.0] Trying to write to read-only block-device sda1"],
  );
});
