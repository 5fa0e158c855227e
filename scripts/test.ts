// SPDX-License-Identifier: Apache-2.0
// npm test: the fast loop, then the tests on real block devices, one file after the other: they share loop devices.
import { spawnSync } from "node:child_process";
import { glob } from "node:fs/promises";

function step(title: string, argv: readonly [string, ...string[]]): void {
  const begun = performance.now();
  console.log(`== ${title}`);
  const { status } = spawnSync(argv[0], argv.slice(1), { stdio: "inherit" });
  console.log(
    `== ${title}: ${status === 0 ? "ok" : "FAILED"}, ${Math.round((performance.now() - begun) / 1000)} s`,
  );
  if (status !== 0) process.exit(1);
}

const files = (await Array.fromAsync(glob("tests/block/**/*.test.ts"))).toSorted();
step("npm run ok", [process.execPath, "scripts/ok.ts"]);
step("block tests", [process.execPath, "--test", "--test-concurrency=1", "--test-reporter=spec", ...files]);
