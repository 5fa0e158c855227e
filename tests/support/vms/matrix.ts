// SPDX-License-Identifier: Apache-2.0
// One machine of the matrix, migrated by the command as a user runs it: it must boot with its network, its disks stay as
// they were, and the conversion is quick.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { brokenLinks, type Report } from "../../../src/core/index.ts";
import { run } from "../../../src/system/index.ts";
import { cli, leftovers } from "../cli.ts";
import { machineDisks, type MachineName } from "../guests/machines/index.ts";
import { sha256sum } from "../disks/overlays.ts";
import { temporary } from "../temporary.ts";

const PLAN_SECONDS = 30;
const CONVERSION_SECONDS = 90;

export type Migrated = {
  readonly report: Report;
  /** Holds the VM. */
  readonly directory: string;
  readonly disks: readonly string[];
};

/** Asserts what holds for each machine, and gives the report for what is particular. */
export async function migrateMachine(
  t: TestContext,
  name: MachineName,
  moreArgs: readonly string[] = [],
): Promise<Migrated> {
  return await migrateDisks(t, name, await machineDisks(name, { signal: t.signal }), moreArgs);
}

export async function migrateDisks(
  t: TestContext,
  name: string,
  disks: readonly string[],
  moreArgs: readonly string[] = [],
): Promise<Migrated> {
  const before = await Promise.all(disks.map(sha256sum));
  const parent = await temporary(t);
  const args = [
    ...disks.flatMap((disk) => ["--disk", disk]),
    "--to",
    `dir:${parent}`,
    "--name",
    name,
    "--yes",
  ];
  const ended = await cli(["migrate", ...args, ...moreArgs], { timeoutMs: 900_000 });
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(await leftovers(), []);
  assert.deepEqual(await Promise.all(disks.map(sha256sum)), before, "a source disk changed");
  const directory = join(parent, name);
  const report = JSON.parse(await readFile(join(directory, "report.json"), "utf8")) as Report;
  assert.equal(report.outcome.kind, "booted", JSON.stringify(report.outcome));
  t.diagnostic(assertChainAgrees(report));
  const { plan = 0, convert = 0, overlay = 0 } = report.seconds;
  t.diagnostic(`plan ${plan.toFixed(1)} s, conversion ${(overlay + plan + convert).toFixed(1)} s`);
  assert.ok(plan < PLAN_SECONDS, `the plan took ${plan} s`);
  assert.ok(overlay + plan + convert < CONVERSION_SECONDS, `the conversion took ${plan + convert} s`);
  return { report, directory, disks };
}

/** A VM that booted has no broken link, and nothing says that chain and boot check differ. Which links were assumed. */
export function assertChainAgrees({ chain = null, problems }: Report): string {
  assert.ok(chain !== null, "no chain of boot");
  assert.deepEqual(brokenLinks(chain), []);
  assert.deepEqual(
    problems.filter(({ code }) => code === "chain-differs"),
    [],
  );
  const assumed = chain.links.filter(({ verdict }) => verdict === "assumed");
  const words = assumed.map(({ place, why }) => `${place} (${String(why)})`);
  return words.length === 0 ? "every link was proven" : `assumed: ${words.join("; ")}`;
}

/** A plan for the finished VM must propose nothing more. */
export async function planAgain(
  directory: string,
  disks: readonly string[],
  moreArgs: readonly string[] = [],
): Promise<readonly { readonly path: string; readonly step: string }[]> {
  const args = [...disks.flatMap((disk) => ["--disk", disk]), "--to", `dir:${directory}/again`, "--json"];
  const ended = await cli(["plan", ...args, ...moreArgs], { timeoutMs: 300_000 });
  assert.equal(ended.code, 0, ended.stderr);
  const plan = JSON.parse(ended.stdout) as { changes: readonly { path: string; step: string }[] };
  return plan.changes;
}

/** Where it lies on a disk image. */
export async function firstPartition(disk: string): Promise<{ offset: number; sizeBytes: number }> {
  const { stdout } = await run(["sfdisk", "--json", disk]);
  const table = JSON.parse(stdout) as { partitiontable: { partitions: { start: number; size: number }[] } };
  const [first] = table.partitiontable.partitions;
  assert.ok(first !== undefined);
  return { offset: first.start * 512, sizeBytes: first.size * 512 };
}

/** What the machine's own unit said once it was up (`witness`), each run of blanks as one. */
export async function readWitness(directory: string): Promise<readonly string[]> {
  const console = await readFile(join(directory, "console.log"), "utf8");
  return [...console.matchAll(/witness: ([^\r\n]*)/g)].map(([, said = ""]) =>
    said.trim().replaceAll(/ +/g, " "),
  );
}
