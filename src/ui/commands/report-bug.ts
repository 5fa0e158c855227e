// SPDX-License-Identifier: Apache-2.0
// virt-p2v report-bug: says what it would take along, asks, and writes one archive without secrets.
import { release } from "node:os";
import { basename } from "node:path";
import { formatBytes } from "../../core/index.ts";
import {
  type BugPart,
  EXTRAS_DIRECTORY,
  machineParts,
  planPart,
  tracePart,
  vmParts,
  writeBugReport,
} from "../../job/index.ts";
import { readBounded, TRACE_HEAD } from "../../system/index.ts";
import { type LastRun, readLastRun } from "../last-run.ts";
import type { Given } from "../settings/index.ts";
import { wrap } from "../text/wrap.ts";
import { VERSION } from "../version.ts";
import { askYes } from "./ask.ts";
import { type CommandRunner, say, sayJson, tell } from "./context.ts";
import { readDoctor } from "./doctor.ts";

export const runReportBug: CommandRunner = async (given, { signal }) => {
  const out = given.one("out") ?? `virt-p2v-bug-${stamp(new Date())}.tar.gz`;
  const parts = await partsOf(given);
  const json = given.flag("json");
  if (!json) tell(renderQuestion(parts, out));
  if (!given.flag("yes") && !(await askYes("Make it?", signal))) {
    say("Nothing was done.");
    return 0;
  }
  const written = await writeBugReport(parts, { out, signal });
  if (json) {
    sayJson(written);
    return 0;
  }
  for (const { name, why } of written.leftOut) say(`${name} is left out: ${why}`);
  say(`Written: ${out} (${formatBytes(written.sizeBytes)}). Look at it before you send it.`);
  return 0;
};

async function partsOf(given: Given): Promise<readonly BugPart[]> {
  const last = await readLastRun();
  const plan = given.one("plan");
  const trace = given.one("trace") ?? (await traceOf(last));
  return [
    { name: "version.json", what: "versions: virt-p2v, Node, kernel, distribution", read: readVersions },
    {
      name: "doctor.json",
      what: "what this computer has and lacks (virt-p2v doctor)",
      read: async () => ({ kind: "json", value: await readDoctor(EXTRAS_DIRECTORY) }),
    },
    ...(last === null ? [] : [lastRunPart(last)]),
    ...(plan === null ? [] : [await planPart(plan)]),
    ...(trace === null ? [] : [await tracePart(trace)]),
    ...(given.positional === null ? [] : await vmParts(given.positional)),
    ...machineParts(given.one("sysroot")),
  ];
}

function lastRunPart(last: LastRun): BugPart {
  const end = last.end === null ? "it did not end" : `code ${last.end.code}`;
  const what = `the last run, its error and its plan: ${last.command} (${last.begun}, ${end})`;
  return { name: "last-run.json", what, read: () => Promise.resolve({ kind: "json", value: last }) };
}

/** Of the last run, where it is still there. */
async function traceOf(last: LastRun | null): Promise<string | null> {
  if (last === null || last.trace === null) return null;
  const bytes = await readBounded(last.trace, { maxBytes: 64 * 2 ** 20 }).catch(() => null);
  return bytes?.toString("utf8").startsWith(TRACE_HEAD) === true ? last.trace : null;
}

const readVersions: BugPart["read"] = async () => {
  const system = (await readBounded("/etc/os-release"))?.toString("utf8") ?? "";
  return {
    kind: "json",
    value: {
      version: VERSION,
      program: basename(process.argv[1] ?? ""),
      node: process.version,
      architecture: process.arch,
      kernel: release(),
      distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(system)?.[1] ?? null,
    },
  };
};

function renderQuestion(parts: readonly BugPart[], out: string): string {
  const width = Math.max(...parts.map(({ name }) => name.length)) + 2;
  const lines = parts.map(
    ({ name, what }) => `  ${name.padEnd(width)}${wrap(what, { indent: width + 2 }).slice(width + 2)}`,
  );
  const promise =
    "Names, addresses and serial numbers are in it. No key, shadow file or home directory is read, and what looks like a password, key or token is replaced by ***.";
  return `A bug report takes:\n\n${lines.join("\n")}\n\n${wrap(promise)}\nIt is written to ${out}, and sent nowhere.\n`;
}

/** 20261124-010203 */
const stamp = (date: Date): string =>
  date.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
