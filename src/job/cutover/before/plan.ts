// SPDX-License-Identifier: Apache-2.0
// The plan of a cutover, before the jump: as the live system will make it, from the server's own files and with its own tools; where
// that cannot be, of what the collector's files tell.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keepBuilt, openBlobs } from "../../../convert/index.ts";
import {
  type Emit,
  formatBytes,
  type Host,
  lastWords,
  type Machine,
  makeProblem,
  type Preview,
  type Problem,
  UserError,
} from "../../../core/index.ts";
import { collectHere } from "../../../inspect/index.ts";
import type { Answers } from "../../../plan/index.ts";
import { makeRunDirectory, RunError } from "../../../system/index.ts";
import { askHost } from "../../destination/host.ts";
import { startPhases } from "../../phases.ts";
import { makePreview } from "../../plan.ts";
import { planSurvey } from "../../survey.ts";
import type { CutoverFacts } from "./facts.ts";
import { fitThere } from "./fit.ts";
import { NOTE_FILES } from "../note.ts";
import { openRunning } from "./running.ts";

type Options = {
  readonly answers: Answers;
  readonly name: string;
  readonly machine: Machine;
  readonly live: Pick<CutoverFacts["live"], "sizeBytes">;
  /** Memory. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

type Seen = {
  /** Where the VM goes; null: it was not reached. */
  readonly reached: { readonly host: Host; readonly directory: string } | null;
  /** Findings are added. */
  readonly problems: Problem[];
  readonly availableBytes: number;
};

/** null: none could be made. */
export async function planCutover(options: Options, seen: Seen): Promise<Preview | null> {
  const { answers, live, signal } = options;
  const { reached, problems, availableBytes } = seen;
  let why = "The destination was not reached";
  if (reached !== null)
    try {
      const needed = live.sizeBytes + PLAN_BYTES;
      const phases = startPhases(options.emit);
      if (availableBytes >= needed) return await phases.run("plan", () => planRunning(options, reached));
      why = `Trying the conversion takes ${formatBytes(needed)} of memory, and ${formatBytes(availableBytes)} are free`;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof UserError) && !(error instanceof RunError)) throw error;
      why = error instanceof RunError ? lastWords(error.stderr) : error.message;
    }
  problems.push(chainLater(why));
  const ofFiles = await planOfFiles(options, problems);
  if (reached === null) return ofFiles;
  const fitted = await kept(problems, () => fitThere(reached, { answers, preview: ofFiles, signal }), signal);
  problems.push(...(fitted?.problems ?? []));
  return fitted?.preview ?? ofFiles;
}

/** What was built for the plan, and may be used after the jump. */
export const preparedIn = (directory: string): string => join(directory, NOTE_FILES.prepared);

/** An initramfs while it is made, twice, and the guest's tools. */
const PLAN_BYTES = 768 * 2 ** 20;

export async function planRunning(
  {
    answers,
    name,
    machine,
    directory,
    root = "/",
    emit,
    signal,
  }: Omit<Options, "live"> & {
    /** Where the server's files are; elsewhere in tests. */
    readonly root?: string;
  },
  { host }: { readonly host: Host },
): Promise<Preview> {
  await using workspace = await makeRunDirectory("plan", { parent: directory });
  const workDirectory = workspace.path;
  const call = { signal, emit };
  await using source = await openRunning({ answers, machine, directory: workDirectory, root, ...call });
  return await makePreview({
    source,
    answers: { ...answers, name },
    host,
    facts: await askHost(host, { answers, signal }),
    blobs: await openBlobs(join(workDirectory, "blobs")),
    workDirectory,
    tools: (real, root) => keepBuilt(real, { directory: preparedIn(directory), root }),
    isMeasured: false, // the last pass of copy --live tells more
    ...call,
  });
}

/** By the collector's way: what its files tell. Kernels, initramfs and boot code are looked at after the jump, before the copy. */
async function planOfFiles(
  { answers, name, directory, signal }: Options,
  problems: Problem[],
): Promise<Preview | null> {
  const file = join(directory, "survey.tar.gz");
  try {
    await writeFile(file, await collectHere({ sysroot: null, signal }), { mode: 0o600 });
    const { preview } = await planSurvey(file, {
      answers: { ...answers, name },
      signal,
      emit: () => undefined,
    });
    return preview;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    problems.push(
      makeProblem("cutover-no-plan", {
        about: [],
        text: `No plan could be made while the server runs: ${error.message}`,
        advice:
          "It is made after the jump, before anything is sent; what stops it then brings the server back",
      }),
    );
    return null;
  } finally {
    await rm(file, { force: true });
  }
}

const chainLater = (why: string): Problem =>
  makeProblem("cutover-chain-later", {
    about: [],
    text: `Kernels, initramfs and boot code are not looked at while the server runs: ${why}`,
    advice:
      "The chain of boot is walked after the jump, before anything is sent: a broken link then brings the server back. virt-p2v migrate from the live CD up to its question shows it before",
  });

/** What a person can mend is a finding among others. */
export async function kept<T>(
  problems: Problem[],
  act: () => Promise<T>,
  signal: AbortSignal,
): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    const { code, message: text, advice } = error;
    problems.push(makeProblem(code, { about: [], severity: "stops", text, advice }));
    return null;
  }
}
