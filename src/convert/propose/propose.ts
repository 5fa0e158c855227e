// SPDX-License-Identifier: Apache-2.0
// Runs the steps in order, each on the guest as the steps before would leave it. Nothing is written to the guest.
import {
  type Blobs,
  type Change,
  type Emit,
  guestFiles,
  type GuestOS,
  type GuestView,
  type Intent,
  makeProblem,
  named,
  type Problem,
} from "../../core/index.ts";
import { isDirectory, layeredView } from "../../system/index.ts";
import { mergeChanges } from "../apply/merge.ts";
import { declaredProblem, isDeclared, isInStore } from "../declared/declared.ts";
import { type Extras, NO_EXTRAS } from "../drivers/extras.ts";
import type { GuestTools } from "../guest-tools/tools.ts";
import type { Proposal } from "../steps/draft.ts";
import { CONVERSION_STEPS } from "../steps/list.ts";
import type { ConversionStep } from "../steps/step.ts";
import { refuseUnknown } from "./explain.ts";
import { checkFreeSpace } from "./free-space.ts";

export type ProposeOptions = {
  readonly view: GuestView;
  readonly guest: GuestOS;
  readonly intent: Intent;
  readonly blobs: Blobs;
  readonly tools: GuestTools;
  /** Packages with drivers. Default: none. */
  readonly extras?: Extras;
  /** Looks for the guest's kernels again. Default: they stay as in `guest`. */
  readonly findKernels?: (view: GuestView) => Promise<GuestOS["kernels"]>;
  /** Default: all. */
  readonly steps?: readonly ConversionStep[];
  /** What inspection reported. Default: nothing. */
  readonly known?: readonly Problem[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** `guest`: with the kernels it has then. */
export async function propose({
  view,
  guest: found,
  intent,
  blobs,
  tools,
  extras = NO_EXTRAS,
  findKernels = () => Promise.resolve(found.kernels),
  steps = CONVERSION_STEPS,
  known = [],
  signal,
  emit,
}: ProposeOptions): Promise<Proposal & { readonly guest: GuestOS }> {
  let guest = found;
  let changes: Change[] = [];
  const problems: Problem[] = [];
  const refused: string[] = [];
  if (!(await isDirectory(view, "/etc"))) return { changes, problems: [NO_ETC], guest };
  const withSteps = intent.withSteps ?? [];
  refuseUnknown([...intent.skipSteps, ...withSteps], steps);
  for (const step of steps) {
    if (intent.skipSteps.includes(step.name)) continue;
    signal.throwIfAborted();
    emit({ type: "step", phase: "plan", text: step.explains });
    const seen = layeredView(view, blobs, changes);
    const told = [...known, ...problems];
    const context = {
      view: seen,
      guest,
      intent,
      blobs,
      changes,
      problems: told,
      tools,
      extras,
      signal,
      emit,
    };
    const wanted = await proposeWithinBounds(step, context);
    const proposal = step.optional && !withSteps.includes(step.name) ? offered(step, wanted) : wanted;
    const isFixed = (path: string): boolean => isDeclared(found.id) || isInStore(path);
    const allowed = proposal.changes.filter(({ path }) => !isFixed(path));
    refused.push(...proposal.changes.map(({ path }) => path).filter(isFixed));
    changes = mergeChanges([...changes, ...allowed]);
    problems.push(...proposal.problems);
    if (step.addsKernels && proposal.changes.length > 0)
      guest = { ...guest, kernels: await findKernels(layeredView(view, blobs, changes)) };
  }
  const declared = await declaredProblem(view, { id: found.id, refused: [...new Set(refused)] });
  problems.push(...(declared === null ? [] : [declared]));
  problems.push(...(await checkFreeSpace(changes, tools)));
  return { changes, problems: uniqueProblems(problems), guest };
}

/** A file, or a link out of the guest: no step could do anything, and each would report it in its own way. */
const NO_ETC = makeProblem("guest-no-etc", {
  about: guestFiles("/etc"),
  text: "/etc in the guest is not a directory: there is no system that could be converted",
  advice: "Look at it on the machine; --as-is copies the disks without conversion",
});

/** What an optional step would do, in words. */
function offered(step: ConversionStep, { changes, problems }: Proposal): Proposal {
  if (changes.length === 0) return { changes: [], problems };
  const paths = [...new Set(changes.map((change) => change.path))];
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
  const problem = makeProblem("step-offered", {
    about: [...named("step", step.name), ...guestFiles(...paths)],
    text: `${changes[0]?.why ?? step.explains}; ${paths.slice(0, 5).join(", ")}${more} would change, and stays as it is`,
    advice: `--with ${step.name} makes these changes`,
  });
  return { changes: [], problems: [...problems, problem] };
}

/** A view throws RangeError for what is beyond every bound: such a guest is not converted blindly, and does not crash us. */
async function proposeWithinBounds(
  step: ConversionStep,
  context: Parameters<ConversionStep["propose"]>[0],
): Promise<Proposal> {
  try {
    return await step.propose(context);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const problem = makeProblem("guest-out-of-bounds", {
      about: named("step", step.name),
      text: `The step ${step.name} met something out of all bounds: ${error.message}`,
      advice: `Look at it on the machine; --skip ${step.name} leaves the step out`,
    });
    return { changes: [], problems: [problem] };
  }
}

function uniqueProblems(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = `${problem.code}\n${problem.text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
