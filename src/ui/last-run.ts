// SPDX-License-Identifier: Apache-2.0
// The last run that made a plan or failed, kept for virt-p2v report-bug: one small file of this user's, without secrets.
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { blotArguments, blotJson, blotKnown, type Preview } from "../core/index.ts";
import { confirmed } from "../plan/index.ts";
import { isErrno, quoteArgv, readBounded, replaceFile } from "../system/index.ts";
import { renderError } from "./print/error.ts";
import { planJson } from "./print/plan-json.ts";
import { VERSION } from "./version.ts";

export type LastRun = {
  readonly format: "last-run/1";
  readonly version: string;
  readonly command: string;
  readonly begun: string;
  /** Its --trace. */
  readonly trace: string | null;
  /** As plan --json prints it; null: it came not so far. */
  readonly plan: unknown;
  /** null: it runs, or was killed. */
  readonly end: { readonly at: string; readonly code: number; readonly error: string | null } | null;
};

const FILE = "last-run.json";
/** A plan may hold the diffs of many files. */
const MAX_BYTES = 64 * 2 ** 20;

/** `${XDG_STATE_HOME:-~/.local/state}/virt-p2v`, and the directories above it that are made where they are missing. */
function stateDirectories(): readonly string[] {
  const xdg = process.env["XDG_STATE_HOME"] ?? "";
  const home = homedir();
  const above = xdg.startsWith("/") ? [xdg] : [join(home, ".local"), join(home, ".local/state")];
  return [...above, join(above.at(-1) ?? home, "virt-p2v")];
}

const lastRunPath = (): string => join(stateDirectories().at(-1) ?? "", FILE);

let current: LastRun | null = null;

export function beginRun(argv: readonly string[], { trace }: { trace: string | null }): void {
  current = {
    format: "last-run/1",
    version: VERSION,
    command: quoteArgv(blotArguments(argv)),
    begun: new Date().toISOString(),
    trace: trace === null ? null : resolve(trace),
    plan: null,
    end: null,
  };
}

/** Before anybody is asked: whatever happens then, it is there. */
export async function keepPlan(preview: Preview): Promise<void> {
  if (current === null) return;
  current = { ...current, plan: planJson(confirmed(preview)) };
  await save(current);
}

/** A run that only looked, and was right, leaves the last one as it is. `error` null: it had none. */
export async function endRun({ code, error }: { code: number; error: unknown }): Promise<void> {
  if (current === null || (current.plan === null && error === null)) return;
  const text = error === null ? null : renderError(error);
  current = { ...current, end: { at: new Date().toISOString(), code, error: text } };
  await save(current);
}

/** null: there was none, or it was another version's. */
export async function readLastRun(): Promise<LastRun | null> {
  const bytes = await readBounded(lastRunPath(), { maxBytes: MAX_BYTES });
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    const isOurs =
      typeof value === "object" && value !== null && "format" in value && value.format === "last-run/1";
    return isOurs ? (value as LastRun) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Where there is no home, or no room in it, nothing is kept: that is not a reason to fail. */
async function save(run: LastRun): Promise<void> {
  try {
    for (const directory of stateDirectories())
      await mkdir(directory, { mode: 0o700 }).catch((error: unknown) => {
        if (!isErrno(error, "EEXIST")) throw error;
      });
    await replaceFile(lastRunPath(), `${blotKnown(JSON.stringify(blotJson(run), null, 2))}\n`);
  } catch (error) {
    if (!isErrno(error, "EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR", "ENOSPC", "EDQUOT", "EIO"))
      throw error;
  }
}
