// SPDX-License-Identifier: Apache-2.0
// A step is a value: a name, a sentence for people, and what it proposes. It writes into its draft, and nowhere else.
import type { Blobs, Change, Emit, GuestOS, GuestView, Intent, Problem } from "../../core/index.ts";
import type { Extras } from "../drivers/extras.ts";
import type { GuestTools } from "../guest-tools/tools.ts";
import { Draft, type Proposal } from "./draft.ts";

/** What a step is given. */
export type StepContext = {
  /** The guest as the steps before left it. */
  readonly view: GuestView;
  readonly guest: GuestOS;
  readonly intent: Intent;
  readonly blobs: Blobs;
  /** What the steps before proposed, one Change a path; `view` shows the guest with them. */
  readonly changes: readonly Change[];
  /** What inspection and the steps before reported. */
  readonly problems: readonly Problem[];
  /** The guest's own programs. */
  readonly tools: GuestTools;
  /** Packages with drivers that the user provides. */
  readonly extras: Extras;
  /** Collects what the step proposes. */
  readonly draft: Draft;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

export type ConversionStep = {
  readonly name: string;
  /** One sentence for `--list-steps`. */
  readonly explains: string;
  /** It may change what a person chose on purpose: its changes are only described, unless `intent.withSteps` names it. */
  readonly optional: boolean;
  /** It may bring kernels and modules: the guest's kernels are looked for again for the steps behind it. */
  readonly addsKernels: boolean;
  /** No changes and no problems: nothing is needed. */
  propose(context: Omit<StepContext, "draft">): Promise<Proposal>;
};

export type AboutStep = Pick<ConversionStep, "name" | "explains"> &
  Partial<Pick<ConversionStep, "optional" | "addsKernels">>;

export function step(
  { name, explains, optional = false, addsKernels = false }: AboutStep,
  fillDraft: (context: StepContext) => void | Promise<void>,
): ConversionStep {
  return {
    name,
    explains,
    optional,
    addsKernels,
    async propose(context) {
      const draft = new Draft(name, context);
      await fillDraft({ ...context, draft });
      return draft.proposal();
    },
  };
}
