// SPDX-License-Identifier: Apache-2.0
// Loop devices by losetup's words, and the notes about our own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLoopNotes, parseLoops, renderLoopNote } from "./loop-list.ts";

test("loop devices are read from losetup's JSON, and notes survive a line cut short", () => {
  const json =
    '{"loopdevices":[{"name":"/dev/loop0","back-file":"/tmp/a (deleted)","offset":512,"ro":true,"back-ino":7,"back-maj:min":"0:40"}]}';
  const expected = {
    path: "/dev/loop0",
    backingFile: "/tmp/a",
    offset: 512,
    backingId: "0:40/7",
    readOnly: true,
  };
  assert.deepEqual(parseLoops(json), [expected]);
  assert.deepEqual(parseLoops(""), []);
  const { path, offset, backingId } = expected;
  const note = { path, offset, backingId };
  assert.deepEqual(parseLoopNotes(`${renderLoopNote(note)}{"path":"/dev/lo`), [note]);
});
