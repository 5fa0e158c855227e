// SPDX-License-Identifier: Apache-2.0
// The shell scripts of the live CD, judged by shellcheck; the initramfs must not even know how to try a file system.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { run } from "../../../src/system/index.ts";

const SCRIPTS = [
  "livecd/customize",
  "livecd/initramfs/init",
  "livecd/root/usr/lib/virt-p2v/keep",
  "livecd/root/usr/lib/virt-p2v/wizard",
];

test("shellcheck finds nothing in the live CD's scripts", async () => {
  const { stdout } = await run(["shellcheck", "-x", "-s", "sh", ...SCRIPTS], { allowCodes: [1] });
  assert.equal(stdout, "");
  // The only one that needs bash: it waits for a key and for the wizard at once.
  const console = "livecd/root/usr/lib/virt-p2v/console";
  assert.equal((await run(["shellcheck", "-s", "bash", console], { allowCodes: [1] })).stdout, "");
});

test("the initramfs mounts nothing but the medium: every mount says which type", async () => {
  const init = await readFile("livecd/initramfs/init", "utf8");
  const mounts = init.split("\n").filter((line) => /^\s*(busybox )?mount /.test(line));
  assert.ok(mounts.length > 6);
  for (const line of mounts)
    assert.match(line, /mount -t (proc|sysfs|devtmpfs|tmpfs|iso9660|squashfs|overlay) /, line);
  assert.doesNotMatch(init, /\b(lvm|mdadm|fsck|swapon|blkid)\b(?! )/);
});
