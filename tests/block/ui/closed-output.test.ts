// SPDX-License-Identifier: Apache-2.0
// virt-p2v ... | head -1: a reader that goes away ends the run, and nothing of it is left behind.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cli, leftovers } from "../../support/cli.ts";
import { makeDisk } from "../../support/disks/disks.ts";
import { temporary } from "../../support/temporary.ts";

const SPEC = {
  table: "mbr",
  partitions: [{ sizeMb: 32, fs: "ext4", files: { "/srv/text": "words\n" } }],
} as const;

test("a plan, a migration and JSON whose reader goes away clean up, and no stack is shown", async (t) => {
  const directory = await temporary(t);
  await using disk = await makeDisk(SPEC);
  const to = ["--disk", disk.path, "--to", `dir:${join(directory, "vms")}`, "--name", "vm"];
  for (const [words, closeAt] of [
    [["plan", ...to], /./],
    [["plan", ...to], /^Overlay$/m],
    [["plan", ...to, "--json"], /\{/],
    [["migrate", ...to, "--yes", "--no-boot-check"], /^Overlay$/m],
    [["migrate", ...to, "--yes", "--no-boot-check", "--json"], /Overlay/i],
  ] as const) {
    const { code, stderr } = await cli(words, { closeAt });
    assert.ok(code === 0 || code === 130, `${words.join(" ")}: ${code} ${stderr}`);
    assert.doesNotMatch(stderr, /\n\s+at /);
    assert.deepEqual(await leftovers(), [], words.join(" "));
  }
  assert.ok(!existsSync(join(directory, "vms/vm/report.json")));
});
