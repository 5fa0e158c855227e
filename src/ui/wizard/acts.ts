// SPDX-License-Identifier: Apache-2.0
// What the wizard has done for it: looking at disks and hosts, the job, the end. The tests give others.
import type { Destination, NetworkSetup, Nic } from "../../core/index.ts";
import { scanHostKeys } from "../../hosts/index.ts";
import { inspectDisks, type Inspection, inspectThisMachine } from "../../job/index.ts";
import { applyNetwork, blinkPort, type Check, checkHost, checkNetwork } from "../../network/index.ts";
import type { KeyAnswer } from "../../plan/index.ts";
import { run } from "../../system/index.ts";
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
    /** `root`: the system that was chosen, as for --root; null: the program chooses. */
    call: Call & { readonly keys: readonly KeyAnswer[]; readonly root: string | null },
  ): Promise<Inspection>;
  keyboard(layout: string, call: Call): Promise<void>;
  /** The ports as they are now: a cable may have been pulled. */
  ports(call: Call): Promise<readonly Nic[]>;
  /** null: automatic. */
  applyNetwork(setup: NetworkSetup | null, call: Call & { readonly nics: readonly Nic[] }): Promise<void>;
  checkNetwork(call: Call): Promise<readonly Check[]>;
  checkHost(
    host: { readonly host: string; readonly port: number | null },
    call: Call,
  ): Promise<readonly Check[]>;
  blink(port: string, call: Call): Promise<void>;
  job(shown: Shown): Promise<JobEnd>;
  finish(shown: Shown): Promise<void>;
};

export const ACTS: Acts = {
  hostKeys: scanHostKeys,
  inspect: (disks, { keys, root, signal }) =>
    inspectDisks(disks, { keys, root, signal, emit: () => undefined }),
  keyboard: async (layout, { signal }) => void (await run(["loadkeys", layout], { signal })),
  ports: async ({ signal }) => (await inspectThisMachine({ sysroot: null, signal })).machine.nics,
  applyNetwork,
  checkNetwork,
  checkHost,
  blink: blinkPort,
  job: runJob,
  finish,
};
