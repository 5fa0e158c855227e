// SPDX-License-Identifier: Apache-2.0
// A machine that its network card started: no boot code is on its disk, all else is. It is stopped before the copy, and copied as
// it is only where that is asked for.
import assert from "node:assert/strict";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Preview, Report } from "../../src/core/index.ts";
import { run } from "../../src/system/index.ts";
import { cli, leftovers } from "../support/cli.ts";
import { sha256sum } from "../support/disks/overlays.ts";
import { machineDisks } from "../support/guests/machines/index.ts";
import { temporary } from "../support/temporary.ts";

/** Code in front of an MBR's table. */
const BOOT_CODE_BYTES = 440;
const MIB = 2 ** 20;

async function withoutBootCode(t: TestContext): Promise<string> {
  const [whole = ""] = await machineDisks("xfs", { signal: t.signal });
  const disk = join(await temporary(t), "disk.img");
  await run(["cp", "--sparse=always", "--reflink=auto", whole, disk], { timeoutMs: 300_000 });
  await using file = await open(disk, "r+");
  await file.write(Buffer.alloc(BOOT_CODE_BYTES), 0, BOOT_CODE_BYTES, 0);
  return disk;
}

test("no boot code in the MBR: nothing is copied, but with --as-is", async (t) => {
  const disk = await withoutBootCode(t);
  const before = await sha256sum(disk);
  const directory = await temporary(t);
  const words = ["--disk", disk, "--to", `dir:${directory}`, "--name", "dogwood"];

  const planned = await cli(["plan", ...words, "--json"]);
  assert.equal(planned.code, 6, planned.stderr);
  const { problems, chain } = JSON.parse(planned.stdout) as Preview;
  assert.deepEqual(
    problems.filter(({ severity }) => severity !== "notes").map(({ code }) => code),
    ["chain-broken"],
  );
  const broken = chain?.links.flatMap(({ verdict, place }) => (verdict === "broken" ? [place] : []));
  assert.deepEqual(broken, ["firmware"], "all else is well, and judged");

  const stopped = await cli(["migrate", ...words, "--yes"]);
  assert.equal(stopped.code, 6, stopped.stderr);
  assert.match(stopped.stderr + stopped.stdout, /--as-is copies the disks nevertheless/);
  assert.deepEqual(await readdir(directory), []);

  const copied = await cli(["migrate", ...words, "--yes", "--as-is", "--no-boot-check"], {
    timeoutMs: 900_000,
  });
  assert.equal(copied.code, 0, copied.stderr);
  const report = JSON.parse(await readFile(join(directory, "dogwood/report.json"), "utf8")) as Report;
  assert.deepEqual(report.changes, []);
  assert.deepEqual(
    report.problems.filter(({ severity }) => severity === "stops"),
    [],
  );
  const image = join(directory, "dogwood/dogwood-1.img"); // free blocks of its volume are not copied
  await run(["cmp", `--bytes=${MIB}`, disk, image]);
  assert.equal(await sha256sum(disk), before);
  assert.deepEqual(await leftovers(), []);
});
