// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf } from "./volume-look.ts";

const MIB = 2 ** 20;
const LOOKED = { path: "/dev/vg0/web", title: "root@host", sizeBytes: 8 * MIB, ours: false };
/** 16 MiB: 253:3 on 8:2, a partition of 8:0. */
const line = (used = "", holds = ""): string => `size=32768 under=253:3,8:2,8:0, used=${used} holds=${holds}`;
const codes = (text: string, more: Partial<Parameters<typeof problemsOf>[1]> = {}): readonly string[] =>
  problemsOf(text, { ...LOOKED, ...more }).map(({ code, severity }) => `${severity} ${code}`);

test("problemsOf() refuses what is absent, none, used, too small, or holds something", () => {
  assert.deepEqual(codes("absent"), ["stops destination-absent"]);
  for (const text of ["no-device", "", "size=1 used= holds=", `${line()}\nmore`])
    assert.deepEqual(codes(text), ["stops destination-no-device"], text);
  for (const use of ["mounted", "held", "open", "rights", "read-only"])
    assert.deepEqual(codes(line(use), { ours: true }), ["stops destination-in-use"], use);
  assert.deepEqual(codes(line(), { sizeBytes: 16 * MIB + 1 }), ["stops destination-too-small"]);
  assert.deepEqual(codes(line("", "LVM2_member")), ["stops destination-exists"]);
  assert.deepEqual(codes(line("", "LVM2_member"), { ours: true }), ["warns volume-overwritten"]);
});

test("problemsOf() refuses a volume on a source, and one that came under another name", () => {
  assert.deepEqual(codes(line(), { sources: ["8:0"], ours: true }), ["stops destination-is-source"]);
  assert.deepEqual(codes(line(), { sources: ["8:16"] }), ["warns volume-overwritten"]);
  assert.deepEqual(codes(line(), { seen: new Set(["253:3"]), ours: true }), ["stops destination-twice"]);
  // Two volumes on one disk are two volumes.
  assert.deepEqual(codes(line(), { seen: new Set(["8:0", "253:4"]) }), ["warns volume-overwritten"]);
});

test("problemsOf() says what is lost, what stays behind the end, and which names do not last", () => {
  const [kept] = problemsOf(line("", "ext4 diary "), { ...LOOKED, ours: true });
  assert.equal(
    kept?.text,
    "All that is on /dev/vg0/web on root@host is overwritten (ext4 diary); the last 8.0 MiB, behind the disk's end, stay as they are",
  );
  assert.equal(kept.advice, "Look once more whether it is the right one");
  const [whole] = problemsOf(line(), { ...LOOKED, path: "/dev/sdb", sizeBytes: 16 * MIB });
  assert.equal(whole?.text, "All that is on /dev/sdb on root@host is overwritten");
  assert.match(String(whole.advice), /by-id/);
  const [bad] = problemsOf(line("", "a\u001b[2Jb"), { ...LOOKED, ours: true });
  assert.match(String(bad?.text), /\(a\?\[2Jb\)/);
});
