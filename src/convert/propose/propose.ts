// SPDX-License-Identifier: Apache-2.0
// Runs the steps in order, each on the guest as the steps before would leave it. Nothing is written to the guest.
import {
  type Blobs,
  type Change,
  type ConversionStep,
  type Emit,
  formatBytes,
  type GuestOS,
  type GuestView,
  type Intent,
  type Problem,
  type Proposal,
  type StepContext,
  UserError,
} from "../../core/index.ts";
import { isDirectory, layeredView } from "../../system/index.ts";
import { chrootTools } from "../guest-tools/chroot.ts";
import { mergeChanges } from "../apply/merge.ts";
import type { Extras } from "../drivers/extras.ts";
import { conversionSteps } from "../steps/list.ts";
import type { FreeSpace, GuestTools } from "../guest-tools/tools.ts";

export type ProposeOptions = {
  readonly view: GuestView;
  readonly guest: GuestOS;
  readonly intent: Intent;
  readonly blobs: Blobs;
  /** Where the guest is mounted; only read. */
  readonly root: string;
  /** For scratch files of the guest's own tools: about 1 GiB is used for a while. */
  readonly workDirectory: string;
  /** Packages with drivers; default: none. */
  readonly extras?: Extras | undefined;
  /** Looks for the guest's kernels anew. Default: they stay as in `guest`. */
  readonly findKernels?: (view: GuestView) => Promise<GuestOS["kernels"]>;
  /** In place of the real tools of the guest at `root`; for tests. */
  readonly tools?: GuestTools;
  /** In place of all steps. */
  readonly steps?: readonly ConversionStep[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** `guest`: with the kernels it has then. */
export async function propose(options: ProposeOptions): Promise<Proposal & { readonly guest: GuestOS }> {
  const { view, intent, blobs, signal, emit } = options;
  let { guest } = options;
  const tools = options.tools ?? chrootTools({ root: options.root, workDirectory: options.workDirectory });
  let changes: Change[] = [];
  const problems: Problem[] = [];
  if (!(await isDirectory(view, "/etc"))) return { changes, problems: [NO_ETC], guest };
  const steps = options.steps ?? conversionSteps({ tools, emit, extras: options.extras });
  refuseUnknown([...intent.skipSteps, ...(intent.withSteps ?? [])], steps);
  for (const step of steps) {
    if (intent.skipSteps.includes(step.name)) continue;
    signal.throwIfAborted();
    emit({ type: "step", phase: "plan", text: step.explains });
    const seen = layeredView(view, blobs, changes);
    const found = await boundedly(step, { view: seen, guest, intent, blobs, changes, signal });
    const wanted = step.optional !== true || intent.withSteps?.includes(step.name) === true;
    const proposal = wanted ? found : offered(step, found);
    changes = mergeChanges([...changes, ...proposal.changes]);
    problems.push(...proposal.problems);
    if (step.addsKernels === true && proposal.changes.length > 0 && options.findKernels !== undefined)
      guest = { ...guest, kernels: await options.findKernels(layeredView(view, blobs, changes)) };
  }
  problems.push(...(await roomProblems(changes, tools)));
  return { changes, problems: uniqueProblems(problems), guest };
}

/** A file there, or a link that leads out of the guest: no step could do anything, and each would say so in its own way. */
const NO_ETC: Problem = {
  code: "guest-path",
  severity: "stops",
  text: "/etc in the guest is no directory: there is nothing of a system in it that could be converted",
  advice: "Look at it on the machine; --as-is copies the disks without conversion",
};

/** What an optional step would do, in words. */
function offered(step: ConversionStep, { changes, problems }: Proposal): Proposal {
  if (changes.length === 0) return { changes: [], problems };
  const paths = [...new Set(changes.map((change) => change.path))];
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  const problem: Problem = {
    code: "step-offered",
    severity: "notes",
    text: `${changes[0]?.why ?? step.explains}; ${paths.slice(0, 5).join(", ")}${more} would change, and stays as it is`,
    advice: `--with ${step.name} makes these changes`,
  };
  return { changes: [], problems: [...problems, problem] };
}

/** A view throws RangeError for what is beyond every bound: no such guest is converted blindly, and none crashes us. */
async function boundedly(step: ConversionStep, context: StepContext): Promise<Proposal> {
  try {
    return await step.propose(context);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const problem: Problem = {
      code: "guest-out-of-bounds",
      severity: "stops",
      text: `The step ${step.name} met something out of all bounds: ${error.message}`,
      advice: `Look at it on the machine; --skip ${step.name} leaves the step out`,
    };
    return { changes: [], problems: [problem] };
  }
}

function refuseUnknown(names: readonly string[], steps: readonly ConversionStep[]): void {
  const wrong = names.find((name) => !steps.some((step) => step.name === name));
  if (wrong === undefined) return;
  throw new UserError("usage", "step-unknown", `There is no conversion step "${wrong}"`, {
    advice: `Steps: ${steps.map((step) => step.name).join(", ")}`,
  });
}

/** Each file is written beside the old one and renamed: for a moment both are there. */
async function roomProblems(changes: readonly Change[], tools: GuestTools): Promise<Problem[]> {
  const needs = new Map<
    string,
    { path: string; free: FreeSpace; grown: number; peak: number; files: number }
  >();
  for (const { path, before, after } of changes) {
    if (after.kind === "absent") continue;
    const free = await tools.freeSpace(path);
    const need = needs.get(free.mount) ?? { path: free.mount, free, grown: 0, peak: 0, files: 0 };
    const size = after.kind === "bytes" ? blockBytes(after.sizeBytes) : 4096;
    need.peak = Math.max(need.peak, need.grown + size);
    need.grown += size - (before.kind === "bytes" ? blockBytes(before.sizeBytes) : 0);
    if (before.kind === "absent") need.files += 1;
    needs.set(free.mount, need);
  }
  const problems: Problem[] = [];
  for (const { path, free, peak, files } of needs.values()) {
    if (peak > free.bytes)
      problems.push({
        code: path === "/boot" ? "boot-full" : "guest-full",
        severity: "stops",
        text: `${path} in the guest has ${formatBytes(free.bytes)} (${free.bytes} bytes) free, and the changes need ${formatBytes(peak)} (${peak} bytes)`,
        advice:
          path === "/boot"
            ? "Remove old kernels on the machine (apt-get autoremove --purge), or copy with --as-is"
            : `Free some space in ${path} on the machine, or copy with --as-is`,
      });
    // One more for the file that is written aside. File systems without a fixed table of inodes say 0 of 0.
    if (free.inodes !== null && files + 1 > free.inodes)
      problems.push({
        code: path === "/boot" ? "boot-full" : "guest-full",
        severity: "stops",
        text: `${path} in the guest has ${free.inodes} inodes free, and the changes need ${files + 1}`,
        advice: `Remove some files in ${path} on the machine, or copy with --as-is`,
      });
  }
  return problems;
}

const blockBytes = (bytes: number): number => Math.ceil(bytes / 4096) * 4096;

function uniqueProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = `${problem.code}\n${problem.text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
