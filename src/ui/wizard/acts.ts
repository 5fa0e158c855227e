// SPDX-License-Identifier: Apache-2.0
// What the wizard has done for it: looking at disks and hosts, the job, the end. The tests give others.
import type { Destination, GuestOS, Machine, Problem } from "../../core/index.ts";
import { scanHostKeys } from "../../hosts/index.ts";
import { inspectDisks } from "../../job/index.ts";
import { finish } from "./finish.ts";
import { type JobEnd, runJob } from "./run-job.ts";
import type { Screen } from "./screen.ts";
import type { HostKey, WizardState } from "./state.ts";

type Call = { readonly signal: AbortSignal };
type Shown = Call & { readonly screen: Screen; readonly state: WizardState };

export type Acts = {
  hostKeys(destination: Extract<Destination, { kind: "ssh" }>, call: Call): Promise<readonly HostKey[]>;
  inspect(
    disks: readonly string[],
    call: Call,
  ): Promise<{ machine: Machine; guest: GuestOS | null; problems: readonly Problem[] }>;
  job(shown: Shown): Promise<JobEnd>;
  finish(shown: Shown): Promise<void>;
};

export const ACTS: Acts = {
  hostKeys: scanHostKeys,
  inspect: (disks, { signal }) => inspectDisks(disks, { signal, emit: () => undefined }),
  job: runJob,
  finish,
};
