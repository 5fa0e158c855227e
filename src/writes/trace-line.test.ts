// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { findLoss, parseTraceLine } from "./trace-line.ts";

const write = (device: string, start: number, end: number): object => ({
  kind: "write",
  device,
  range: { start, end },
});

test("requests and bios of several kernels are ranges of the whole disk", () => {
  const lines = [
    // Linux 6.18, 6.1, 4.19 and 3.10
    "    kworker/1:0H-24      [001] ..... 13685.010804: block_rq_issue: 8,0 WS 1024 () 2048 + 2 be,0,4 [kworker/1:0H]",
    "          <idle>-0       [000] d.h2.    12.000001: block_rq_issue: 8,0 WS 1024 () 2048 + 2 [swapper/0]",
    "     jbd2/sda1-8-212     [003] ....   912.123456: block_rq_issue: 8,0 WS 1024 () 2048 + 2 [jbd2/sda1-8]",
    "           <...>-1234  [000]   912.123456: block_rq_issue: 8,0 WS 0 () 2048 + 2 [dd]",
    "            name-77   (     77) [001] ..... 1.000000: block_rq_issue: 8,0 WS 1024 () 2048 + 2 be,0,4 [name]",
    "       mkfs.ext4-25246   [001] ..... 13685.010919: block_bio_queue: 8,0 DS 2048 + 2 [mkfs.ext4]",
  ];
  for (const line of lines)
    assert.deepEqual(parseTraceLine(line), write("8:0", 2048 * 512, 2050 * 512), line);
});

test("all that is no read is a write: discards, erasures, zeros, whatever letter it has", () => {
  for (const flags of ["W", "WFSM", "FWFS", "D", "DS", "DE", "N", "NS", "WZ", "ZA", "X"]) {
    const line = `a-1 [000] ..... 1.000000: block_rq_issue: 253,16 ${flags} 512 () 8 + 1 none,0,0 [a]`;
    assert.deepEqual(parseTraceLine(line), write("253:16", 4096, 4608), flags);
  }
  for (const flags of ["R", "RA", "RSM"]) {
    const line = `a-1 [000] ..... 1.000000: block_rq_issue: 8,0 ${flags} 512 () 8 + 1 none,0,0 [a]`;
    assert.equal(parseTraceLine(line).kind, "nothing", flags);
  }
});

test("a flush has no range, and a command that bypasses the block layer is one whose effect is not known", () => {
  const line = (words: string): string => `a-1 [000] ..... 1.000000: block_rq_issue: ${words} [smartd]`;
  assert.equal(parseTraceLine(line("8,0 FF 0 () 0 + 0 none,0,0")).kind, "nothing");
  assert.equal(parseTraceLine(line("8,0 N 0 () 0 + 0 none,0,0")).kind, "nothing", "is it ready?");
  const asked = { kind: "passed-through", device: "8:0", program: "smartd" };
  assert.deepEqual(parseTraceLine(line("8,0 N 512 () 0 + 0 none,0,0")), asked);
  assert.deepEqual(parseTraceLine(line("8,0 W 512 (85 06 20 00 00 00 00 00) 0 + 0")), asked);
});

test("what is not exactly an event is unclear", () => {
  const event = "block_rq_issue: 8,0 W 512 () 8 + 1 none,0,0 [a]";
  for (const line of [
    "",
    "   ",
    "# tracer: nop",
    "a name with",
    `a-1 [000] ..... 1.000000: ${event} more`,
    `a-1 [000] ..... 1.000000: ${event.replace("8 + 1", "8 + -1")}`,
    `a-1 [000] ..... 1.000000: ${event.replace("8 + 1", "99999999999999999999 + 1")}`,
    `a-1 [000] ..... 1.000000: ${event.slice(0, 24)}`,
    "a-1 [000] ..... 1.000000: block_rq_complete: 8,0 W () 8 + 1 [0]",
  ])
    assert.equal(parseTraceLine(line).kind, "unclear", line);
  const lost = parseTraceLine("CPU:1 [LOST 12 EVENTS]");
  assert.ok(lost.kind === "unclear" && lost.reason === "overrun");
});

test("counts of the buffer tell what was lost, and a missing count is a loss", () => {
  const stats = (overrun: string, dropped = "0"): string =>
    `entries: 5\noverrun: ${overrun}\ncommit overrun: 0\nbytes: 300\noldest event ts: 1.2\nnow ts: 3.4\ndropped events: ${dropped}\nread events: 9\n`;
  assert.equal(findLoss("cpu0", stats("0")), null);
  assert.equal(findLoss("cpu0", stats("3"))?.reason, "overrun");
  assert.equal(findLoss("cpu0", stats("0", "1"))?.reason, "overrun");
  assert.equal(findLoss("cpu0", "entries: 5\noverrun: 0\n")?.reason, "garbled");
  assert.equal(findLoss("cpu0", "")?.reason, "garbled");
});
