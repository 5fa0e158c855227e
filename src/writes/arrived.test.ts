// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { SAMPLE_DISK, SAMPLE_RECORD } from "../../tests/support/disks/writes-record.ts";
import { type ArrivedFiles, judgeArrived } from "./arrived.ts";
import { type RecordedDisk, renderRecord, type WritesRecord } from "./record.ts";
import { instanceSettings } from "./recorder.ts";

const disk: RecordedDisk = {
  ...SAMPLE_DISK,
  serial: "S1",
  used: [{ start: 0, end: 2 ** 20 }],
  written: [{ start: 0, end: 65_536 }],
};
const record: WritesRecord = { ...SAMPLE_RECORD, disks: [disk] };
const HEADER = "# tracer: nop\n#\n# entries-in-buffer/entries-written: 1/1   #P:2\n#\n";
const event = "    a-1     [000] .....     1.000000: block_rq_issue: 8,0 W 512 () 2048 + 1 none,0,0 [a]\n";
const STATS = "entries: 1\noverrun: 0\ncommit overrun: 0\nbytes: 64\ndropped events: 0\nread events: 0\n";
const settingsOf = (disks: readonly RecordedDisk[]): string =>
  instanceSettings(disks)
    .map(({ file, value }) => `${file}=${value}\n`)
    .join("");
const files: ArrivedFiles = {
  record: renderRecord(record),
  trace: HEADER + event,
  stats: `== cpu0\n${STATS}== cpu1\n${STATS}`,
  settings: settingsOf([disk]),
};
const here = { number: 1, sizeBytes: 2 ** 30, tableId: "gpt:x", serial: null };

const wordsOf = (found: ReturnType<typeof judgeArrived>): string =>
  typeof found === "string" ? found : assert.fail("it was trusted");

test("the last lines are taken in, and the disk is known by its table", () => {
  const known = judgeArrived(files, [here]);
  if (typeof known === "string") return assert.fail(known);
  assert.deepEqual(known.get(1)?.written, [
    { start: 0, end: 65_536 },
    { start: 2 ** 20, end: 2 ** 20 + 65_536 },
  ]);
});

test("whatever is missing, lost, changed or not to be told apart makes it worth nothing", () => {
  const bad: readonly (readonly [Partial<ArrivedFiles>, RegExp])[] = [
    [{ record: "" }, /cannot be read/u],
    [{ trace: null }, /missing/u],
    [{ stats: null }, /missing/u],
    [{ settings: null }, /missing/u],
    [{ stats: "" }, /statistics/u],
    [{ stats: files.stats?.replace("overrun: 0", "overrun: 7") ?? "" }, /overrun/u],
    [{ settings: "" }, /switched-off/u],
    [{ settings: files.settings?.replace("tracing_on=1", "tracing_on=0") ?? "" }, /switched-off/u],
    [{ trace: HEADER + event.slice(0, -9) }, /garbled/u],
    [{ trace: `${HEADER}${event}# tracer: nop\n` }, /garbled/u],
  ];
  for (const [change, why] of bad) assert.match(wordsOf(judgeArrived({ ...files, ...change }, [here])), why);
  assert.match(wordsOf(judgeArrived(files, [{ ...here, tableId: "gpt:y" }])), /table/u);
  assert.match(wordsOf(judgeArrived(files, [{ ...here, sizeBytes: 2 ** 29 }])), /table/u);
  assert.match(wordsOf(judgeArrived(files, [{ ...here, number: 2 }])), /was disk 1/u);
  const twins = [disk, { ...disk, number: 2 }];
  const both = { ...files, record: renderRecord({ ...record, disks: twins }), settings: settingsOf(twins) };
  assert.match(wordsOf(judgeArrived(both, [here])), /table/u);
});
