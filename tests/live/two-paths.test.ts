// SPDX-License-Identifier: Apache-2.0
// One disk that the kernel sees twice: `livecd-overlay.test.ts` gives one image as two SCSI disks of one WWN, and another of the
// same WWN by mistake, as some bridges have it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { furtherPaths, UserError } from "../../src/core/index.ts";
import { inspectMachine, openSourceDisk, refuseOnePath } from "../../src/inspect/index.ts";
import { localDisks } from "../../src/job/source/local-disks.ts";
import { never as signal } from "../support/disks/overlays.ts";

test("two paths to one disk are one disk, and cannot be given as two", async () => {
  const { storage } = await inspectMachine({ signal });
  const scsi = storage.nodes.flatMap(({ path, holds }) =>
    holds.kind === "disk" && holds.wwid !== undefined
      ? [{ path, wwid: holds.wwid, serial: holds.serial }]
      : [],
  );
  assert.deepEqual(
    scsi.map(({ wwid }) => wwid),
    ["naa.5000c50015ea71ac", "naa.5000c50015ea71ac", "naa.5000c50015ea71ac"],
  );
  const [one = "", other = "", mistaken = ""] = [
    ...scsi.filter(({ serial }) => serial === "ONE"),
    ...scsi.filter(({ serial }) => serial === "OTHER"),
  ].map(({ path }) => path);
  assert.deepEqual([...furtherPaths(storage)], [other]);
  const taken = await localDisks({ signal });
  assert.ok(taken.includes(one) && taken.includes(mistaken) && !taken.includes(other), taken.join(" "));

  const given = (...paths: string[]) =>
    Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1))).then(refuseOnePath);
  await given(one, mistaken);
  await assert.rejects(given(mistaken, one, other), (error) => {
    assert.ok(error instanceof UserError && error.code === "disk-twice");
    assert.match(error.message, new RegExp(`${one} and ${other} are two paths to one disk`));
    return true;
  });
});
