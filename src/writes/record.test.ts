// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecord, renderRecord, type WritesRecord } from "./record.ts";

const record: WritesRecord = {
  format: "writes/1",
  bootId: "6cdb0c6b-0000",
  begun: "2026-11-30T22:00:00.000Z",
  destination: "dir:/srv/vms/web",
  disks: [
    {
      number: 1,
      path: "/dev/sda",
      device: "8:0",
      devices: ["8:0", "8:1"],
      hasRequests: true,
      onlyAsks: false,
      sizeBytes: 2 ** 30,
      tableId: "gpt:x",
      serial: null,
      rootSha256: "0".repeat(64),
      used: [{ start: 0, end: 4096 }],
      written: [],
    },
  ],
};

test("a record comes back as it was; anything else is none", () => {
  assert.deepEqual(parseRecord(renderRecord(record)), record);
  const text = renderRecord(record);
  for (const bad of [
    "",
    "{",
    "null",
    text.replace("writes/1", "writes/2"),
    text.replace("4096", "-1"),
    text.replace("0,4096", "1"),
    text.replace("0,4096", "4096,0"),
    text.slice(0, -3),
  ])
    assert.equal(parseRecord(bad), null, bad);
});
