// SPDX-License-Identifier: Apache-2.0
// What this process was started with (`virt-p2v ... 40</dev/sda`) is not handed on to the programs that it runs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { openSync } from "node:fs";
import { test } from "node:test";

test("a program sees /dev/null where we were given more than stdin, stdout and stderr", () => {
  const script = `
    const { run } = await import(${JSON.stringify(new URL("run.ts", import.meta.url).href)});
    process.stdout.write((await run(["cat", "/proc/self/fd/40"])).stdout + "end");
  `;
  const given = openSync("/etc/passwd", "r");
  // Node itself sees to the first sixteen, and to those above them without a gap.
  const gap = Array.from({ length: 37 }, () => "ignore" as const);
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "pipe", ...gap, given],
    encoding: "utf8",
  });
  assert.equal(stdout, "end", stderr);
});
