// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { temporary } from "../../../tests/support/temporary.ts";
import { CONVERSION_FILE, type Conversion, readConversion, writeConversion } from "./record.ts";

const CHANGE = {
  step: "fstab",
  why: "Disks have other names in the VM",
  path: "/etc/fstab",
  before: { kind: "absent" },
  after: { kind: "link", mode: 0o777, uid: 0, gid: 0, xattrs: {}, target: "/x" },
} as const;

const CONVERSION: Conversion = {
  format: "conversion/1",
  version: "0.0.0",
  at: "2026-01-01T00:00:00.000Z",
  way: "in-place",
  images: [{ path: "/vms/server.img", overlay: "" }],
  changes: [CHANGE],
  made: ["/etc/new"],
};

test("a record says what undoes a conversion, and nothing of how its changes were shown", async (t) => {
  const directory = await temporary(t);
  const shown = { ...CHANGE, diff: "+ secret of a neighbouring line" };
  await writeConversion(directory, { ...CONVERSION, changes: [shown] });
  assert.deepEqual(await readConversion(directory), CONVERSION);
});

test("a record that somebody changed is refused, and so is none", async (t) => {
  const directory = await temporary(t);
  await assert.rejects(readConversion(directory), { code: "conversion-missing" });
  const climbing = { ...CONVERSION, changes: [{ ...CHANGE, path: "etc/fstab" }] };
  for (const text of ["{", "{}", JSON.stringify(climbing), JSON.stringify({ ...CONVERSION, more: 1 })]) {
    await writeFile(join(directory, CONVERSION_FILE), text);
    await assert.rejects(readConversion(directory), { code: "conversion-wrong" }, text);
  }
});
