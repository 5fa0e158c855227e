// SPDX-License-Identifier: Apache-2.0
// Files that a person names for a bug report: a trace, a plan, the directory of a VM. Read at once, within bounds.
import { basename, join } from "node:path";
import { type ProblemCode, UserError } from "../../core/index.ts";
import { readBounded, TRACE_HEAD } from "../../system/index.ts";
import { type BugPart, contentOf } from "./content.ts";

const MAX_FILE_BYTES = 64 * 2 ** 20;
/** What was first and what was last: a run's begin, and its end. */
const TRACE_FIRST_CHARS = 2 ** 18;
const TRACE_LAST_CHARS = 2 ** 21;

/** UserError (usage) where `path` is not a trace. */
export async function tracePart(path: string): Promise<BugPart> {
  const text = (await readNamed(path)).toString("utf8");
  if (!text.startsWith(TRACE_HEAD))
    throw wrong(
      "bug-trace-wrong",
      `${path} is not a trace`,
      "Name the file that another command got by --trace",
    );
  const shown = shortenTrace(text);
  return {
    name: "trace.txt",
    what: `the programs that were run, of ${path}`,
    read: () => Promise.resolve({ kind: "text", text: shown }),
  };
}

/** Whole lines of the begin and the end. Pure. */
export function shortenTrace(
  text: string,
  { first = TRACE_FIRST_CHARS, last = TRACE_LAST_CHARS }: { first?: number; last?: number } = {},
): string {
  if (text.length <= first + last) return text;
  const head = text.slice(0, text.lastIndexOf("\n", first) + 1);
  const tail = text.slice(text.indexOf("\n", text.length - last) + 1);
  return `${head}# cut: ${text.length - head.length - tail.length} letters are left out here\n${tail}`;
}

export async function planPart(path: string): Promise<BugPart> {
  const content = contentOf(await readNamed(path));
  return {
    name: content.kind === "json" ? "plan.json" : "plan.txt",
    what: `the plan ${path}`,
    read: () => Promise.resolve(content),
  };
}

const OF_A_VM: readonly (readonly [file: string, what: string])[] = [
  ["report.json", "the report of the VM: hardware, plan, changed files as diffs, proof, verdict"],
  ["console.log", "the console of its boot check"],
];

/** UserError (usage) where the directory has neither of them. */
export async function vmParts(directory: string): Promise<readonly BugPart[]> {
  const parts: BugPart[] = [];
  for (const [file, what] of OF_A_VM) {
    const bytes = await readBounded(join(directory, file), { maxBytes: MAX_FILE_BYTES });
    if (bytes === null) continue;
    const content = contentOf(bytes);
    const name = `vm/${basename(file)}`;
    parts.push({ name, what: `${what}, of ${directory}`, read: () => Promise.resolve(content) });
  }
  if (parts.length > 0) return parts;
  throw wrong(
    "bug-directory-wrong",
    `There is neither report.json nor console.log in ${directory}`,
    "Name the directory of a migrated VM; from another host, copy these two files here first",
  );
}

async function readNamed(path: string): Promise<Buffer> {
  const bytes = await readBounded(path, { maxBytes: MAX_FILE_BYTES });
  if (bytes !== null) return bytes;
  throw wrong("bug-file-missing", `${path} is not there, or cannot be read`, "Check the path");
}

const wrong = (code: ProblemCode, message: string, advice: string): UserError =>
  new UserError(code, message, { advice });
