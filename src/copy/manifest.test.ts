// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../core/index.ts";
import { type Manifest, parseManifest, renderManifest } from "./manifest.ts";
import { joinCells, verificationError } from "./verify.ts";

const manifest: Manifest = {
  format: "manifest/1",
  disks: [
    {
      number: 1,
      file: "web-1.img",
      imageFormat: "raw",
      sizeBytes: 3 * 2 ** 20,
      segmentBytes: 2 ** 20,
      hashes: "web-1.hashes",
      rootSha256: "cd".repeat(32),
    },
  ],
};

test("parseManifest() reads what renderManifest() writes", () => {
  assert.deepEqual(parseManifest(renderManifest(manifest), "x"), manifest);
});

const [disk] = manifest.disks;
for (const [what, text] of [
  ["no JSON", "{"],
  ["another format", JSON.stringify({ ...manifest, format: "manifest/2" })],
  ["no disks", JSON.stringify({ ...manifest, disks: [] })],
  ["a file elsewhere", JSON.stringify({ ...manifest, disks: [{ ...disk, file: "/etc/shadow" }] })],
  ["hashes elsewhere", JSON.stringify({ ...manifest, disks: [{ ...disk, hashes: "../x.hashes" }] })],
  ["another segment size", JSON.stringify({ ...manifest, disks: [{ ...disk, segmentBytes: 512 }] })],
] as const)
  test(`parseManifest() refuses ${what}`, () => {
    assert.throws(
      () => parseManifest(text, "vms/web/manifest.json"),
      (error) =>
        error instanceof UserError &&
        error.area === "verification" &&
        error.message.includes("vms/web/manifest.json"),
    );
  });

test("joinCells() joins neighbours, in any order, and cuts the last at the disk's end", () => {
  assert.deepEqual(joinCells({ sizeBytes: 35, segmentBytes: 10 }, [3, 0, 2]), [
    { start: 0, end: 10 },
    { start: 20, end: 35 },
  ]);
});

test("verificationError() names image and ranges, and is null when all is right", () => {
  const check = { file: "web-1.img", sizeBytes: 35, readBack: "direct", sha256: null } as const;
  assert.equal(verificationError([{ ...check, differing: [] }]), null);
  const error = verificationError([{ ...check, differing: [{ start: 10, end: 20 }] }]);
  assert.equal(error?.area, "verification");
  assert.match(error?.message ?? "", /web-1\.img differs at bytes 10-20/);
});
