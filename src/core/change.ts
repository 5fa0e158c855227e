// SPDX-License-Identifier: Apache-2.0
// Changes to a guest. A step only proposes; one place applies; dry run, report, undo and goldens come for free.
import type { GuestOS } from "./guest.ts";
import type { Intent, Problem } from "./plan.ts";
import type { GuestView, Blobs } from "./ports.ts";

export type FileAttributes = {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Values in base64: they are bytes. */
  readonly xattrs: Readonly<Record<string, string>>;
};

/** A file at one moment. The bytes themselves are kept in a blob store, by their hash. */
export type FileState =
  | { readonly kind: "absent" }
  | (FileAttributes & { readonly kind: "bytes"; readonly sha256: string; readonly sizeBytes: number })
  | (FileAttributes & { readonly kind: "link"; readonly target: string })
  | (FileAttributes & { readonly kind: "directory" });

/** `path` is absolute inside the guest and has no symbolic link in its parents. */
export type Change = {
  readonly step: string;
  readonly why: string;
  readonly path: string;
  readonly before: FileState;
  readonly after: FileState;
};

export type Proposal = { readonly changes: readonly Change[]; readonly problems: readonly Problem[] };

export type StepContext = {
  /** The guest as the steps before left it. */
  readonly view: GuestView;
  readonly guest: GuestOS;
  readonly intent: Intent;
  readonly blobs: Blobs;
  /** What the steps before proposed, one Change a path; `view` shows the guest with them. */
  readonly changes: readonly Change[];
  readonly signal: AbortSignal;
};

/** One file of src/convert/steps each. No changes and no problems = nothing needed. */
export interface ConversionStep {
  readonly name: string;
  /** One sentence for `--list-steps`. */
  readonly explains: string;
  /** May change what a person chose on purpose: its changes are only told, unless `intent.withSteps` names it. */
  readonly optional?: true;
  /** May bring kernels and modules: the steps behind it see the guest's kernels looked for anew. */
  readonly addsKernels?: true;
  propose(context: StepContext): Promise<Proposal>;
}
