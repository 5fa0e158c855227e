// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { SAMPLE_RECORD as record } from "../../tests/support/disks/writes-record.ts";
import { parseRecord, renderRecord } from "./record.ts";

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
