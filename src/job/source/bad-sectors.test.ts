// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { lostProblem } from "./bad-sectors.ts";

test("lostProblem() lists ranges and files, and counts what would be too long", () => {
  const range = { start: 4096, end: 4608 };
  const volume = { volume: 'ext4 "root" on /dev/sda1', files: ["/etc/fstab", "/x"], otherBytes: 4096 };
  const { text, advice } = lostProblem({ number: 1, path: "/dev/sda" }, [range], [volume]);
  assert.match(String(text), /^Disk 1 could not be read in one place, 512 B in all, now zero in the image: /);
  assert.match(
    String(text),
    /bytes 4096-4608; on ext4 "root" on \/dev\/sda1: files \/etc\/fstab, \/x, and 4\.0 KiB/,
  );
  assert.match(String(advice), /Restore these files/);
  const many = Array.from({ length: 60 }, (_, i) => ({ start: i * 1024, end: i * 1024 + 512 }));
  const unknown = lostProblem({ number: 2, path: "/dev/sdb" }, many, []);
  assert.match(String(unknown.text), /50176-50688 and 10 more$/);
  assert.match(String(unknown.advice), /is not known/);
});
