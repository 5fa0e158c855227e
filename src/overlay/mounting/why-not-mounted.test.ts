// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNotMounted } from "./why-not-mounted.ts";

const MOUNT =
  "mount: /tmp/p2v-guest-a/tree/root: wrong fs type, bad option, bad superblock on /dev/loop3, missing codepage or helper program, or other error.\n       dmesg(1) may have more information after failed mount system call.\n";
const why = (log: string, { type = "ext4", stderr = MOUNT } = {}): string =>
  whyNotMounted({ type, stderr, log: log === "" ? [] : [log], release: "6.1.0" });

test("the kernel's own reasons are told in our words, with its line", () => {
  for (const [log, words] of [
    [
      "EXT4-fs (loop3): couldn't mount because of unsupported optional features (10000)",
      /features that this kernel \(Linux 6\.1\.0\)/,
    ],
    [
      "XFS (loop3): Superblock has unknown incompatible features (0x20) enabled.",
      /does not know; a live CD with a newer/,
    ],
    [
      "EXT4-fs (loop3): bad geometry: block count 65536 exceeds size of device (25600 blocks)",
      /larger than the volume/,
    ],
    ["BTRFS error (device loop3): devid 2 uuid de645d65-9243 is missing", /^devices of it are missing/],
    ["XFS (loop3): log mount/recovery failed: error -5", /^its log cannot be replayed/],
    ["BTRFS error (device loop3): open_ctree failed", /^it is damaged/],
  ] as const) {
    assert.match(why(log), words);
    assert.ok(why(log).endsWith(`(the kernel: ${log})`), log);
  }
});

test("without the log mount's words are shown, without our directory", () => {
  assert.equal(
    why("", { type: "f2fs", stderr: "mount: /tmp/x/root: unknown filesystem type 'f2fs'.\n" }),
    "this kernel (Linux 6.1.0) has no driver for f2fs",
  );
  assert.equal(
    why("", { stderr: "mount: /tmp/x/root: mount(2) system call failed: Key has expired.\n" }),
    "mount(2) system call failed: Key has expired.",
  );
  assert.match(
    why("EXT4-fs (loop3): something new", { stderr: "mount: /tmp/x/r: odd.\n" }),
    /^odd\. \(the kernel: EXT4-fs/,
  );
  assert.equal(why(""), "it is damaged", "bad superblock is all that mount knows");
});
