// SPDX-License-Identifier: Apache-2.0
// What must be true of a VM that a busy server became: its files, and what the load had said to be on the disk.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CHECK_LOAD, type HotDisk } from "../../../lab/hot/disk.ts";
import { judgeLoad } from "../../../lab/hot/judge.ts";
import { startMachine } from "../../../lab/hot/machine.ts";
import type { Report } from "../../../src/core/index.ts";
import { readTree, treeDifferences } from "../guests/trees.ts";
import { firstPartition } from "./matrix.ts";

export const readReport = async (directory: string): Promise<Report> =>
  JSON.parse(await readFile(join(directory, "report.json"), "utf8")) as Report;

/** Every file of the server's disk is the same in the image, but for those that the report names. */
export async function assertSameFiles(source: string, image: string, report: Report): Promise<void> {
  const { offset, sizeBytes } = await firstPartition(source);
  const range = { start: offset, end: offset + sizeBytes, type: "ext4" };
  const [was, is] = [await readTree(source, range), await readTree(image, range)];
  assert.ok(was.size > 5000, `${was.size} files`);
  const changed = new Set(report.changes.map(({ path }) => path));
  assert.deepEqual(
    treeDifferences(was, is).filter((path) => !changed.has(path)),
    [],
  );
}

const BOOT_MS = 15 * 60_000;

/** Starts the VM, lets its databases judge themselves, and compares with what was said. A line for people. */
export async function assertWholeLoad(
  image: string,
  { disk, said, signal }: { disk: HotDisk; said: ReadonlyMap<string, number>; signal: AbortSignal },
): Promise<string> {
  await using vm = await startMachine({ image, disk, as: "vm", memoryMb: 1024, signal });
  await vm.reach({ timeoutMs: BOOT_MS });
  const { stdout } = await vm.ssh(CHECK_LOAD);
  const { faults, compared } = judgeLoad(said, stdout);
  assert.deepEqual(faults, []);
  assert.ok(compared > 50, `${compared} things were compared`);
  const turns = ["shop 0", "ledger 0", "log 0"].map((what) => `${what.split(" ")[0]} ${said.get(what)}`);
  return `all there: ${compared} things, ${turns.join(", ")}`;
}
