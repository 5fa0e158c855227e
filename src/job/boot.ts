// SPDX-License-Identifier: Apache-2.0
// The boot check: tried where it can be, and otherwise the reason why not.
import { type Emit, type Host, type HostFacts, type Outcome, type Plan, UserError } from "../core/index.ts";
import { rootUuid } from "../plan/index.ts";
import { bootCheck } from "../target/index.ts";
import type { ProbeLayer } from "./probe.ts";

export type BootResult = {
  readonly outcome: Outcome;
  readonly waitingUnits: readonly string[];
  readonly screenshotPng: Uint8Array | null;
  readonly console: string;
};

type Options = {
  readonly plan: Plan;
  readonly host: Host;
  readonly facts: HostFacts | null;
  readonly directory: string;
  readonly layers: readonly ProbeLayer[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** Under TCG on a slow machine a server may take minutes; a VM that hangs is told apart only by waiting. */
const TIMEOUT_MS = 10 * 60_000;

export async function checkBoot({
  plan,
  host,
  facts,
  directory,
  layers,
  signal,
  emit,
}: Options): Promise<BootResult> {
  const why = whyNot(plan, layers);
  if (why !== null) return notTried(why);
  const libvirt = plan.place.hypervisor === "libvirt" ? (facts?.libvirt ?? null) : null;
  const tried = bootCheck({
    via: libvirt?.usable === true ? { kind: "libvirt", libvirt } : { kind: "qemu" },
    host,
    directory,
    vm: plan.vm,
    layers: layers.map(({ file, qcow2Path }) => ({ file, qcow2: qcow2Path })),
    guest: plan.guest,
    expectedRootUuid: rootUuid({ guest: plan.guest, storage: plan.intent.storage }),
    nics: plan.intent.nics,
    timeoutMs: TIMEOUT_MS,
    emit,
    signal,
  });
  try {
    return await tried;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof UserError)) throw error;
    // The VM is copied and verified by now: its report must be written, whatever ails the check.
    return notTried(`The boot check could not be made: ${error.message}`);
  }
}

function notTried(why: string): BootResult {
  return { outcome: { kind: "not-tried", why }, waitingUnits: [], screenshotPng: null, console: "" };
}

function whyNot({ intent, guest }: Plan, layers: readonly ProbeLayer[]): string | null {
  if (!intent.bootCheck) return "The boot check was declined (--no-boot-check)";
  if (guest === null) return "No installed system was recognized, so nothing could tell that it is up";
  if (layers.length === 0) return `There is no boot probe yet for a guest whose init is ${guest.init}`;
  return null;
}
