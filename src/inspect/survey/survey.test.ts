// SPDX-License-Identifier: Apache-2.0
// What the collector packed, and what somebody else did.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { readSurvey } from "./survey.ts";
import { temporary } from "../../../tests/support/temporary.ts";
import { tarOf } from "../../../tests/support/tar.ts";

const signal = new AbortController().signal;

async function archive(t: TestContext, bytes: Uint8Array): Promise<string> {
  const directory = await temporary(t);
  await writeFile(join(directory, "a.tar.gz"), bytes);
  return join(directory, "a.tar.gz");
}

const MIB_PACKED = gzipSync(Buffer.alloc(2 ** 20));

test("readSurvey() says what is wrong with a file, and what to do", async (t) => {
  const bomb = Buffer.concat(Array.from({ length: 300 }, () => MIB_PACKED)); // one archive of many members
  const cases: readonly (readonly [Uint8Array, RegExp])[] = [
    [bomb, /more than 268435456 bytes are packed/],
    [gzipSync(tarOf({ name: "./etc/fstab" })).subarray(0, 60), /is it whole/],
    [tarOf({ name: "./etc/fstab", content: "x" }), /is not an archive of the collector/],
    [tarOf({ name: "p2v/collector", content: "format=9\n" }), /another version/],
    [Buffer.alloc(0), /ends in the middle/],
  ];
  for (const [bytes, says] of cases)
    await assert.rejects(readSurvey(await archive(t, bytes), { signal }), (error: Error) => {
      assert.match(error.message, says);
      return (error as { code?: string }).code === "survey-wrong";
    });
});

test("links in an archive stay inside it, in circles too", async (t) => {
  const file = await archive(
    t,
    tarOf(
      { name: "p2v/collector", content: "format=1\ndate=2026-01-02T03:04:05Z\n" },
      { name: "etc/fstab", type: "2", link: "../../../../../etc/passwd" },
      { name: "etc/loop", type: "2", link: "loop" },
      { name: "etc/hostname", type: "2", link: "/etc/hostname" },
      { name: "proc/version", content: "Linux" },
      { name: "sys/block/sda", type: "2", link: "/dev" },
    ),
  );
  const { view, date, machine, disks } = await readSurvey(file, { signal });
  assert.equal(date, "2026-01-02T03:04:05Z");
  for (const path of ["/etc/fstab", "/etc/loop", "/etc/hostname"])
    assert.equal(await view.readText(path), null, path);
  assert.deepEqual([machine.storage.nodes, disks], [[], []]);
});
