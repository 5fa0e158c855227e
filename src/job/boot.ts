// SPDX-License-Identifier: Apache-2.0
// The boot check: tried where it can be, and otherwise the reason why not.
import { type Emit, type Host, type HostFacts, type Outcome, type Plan, UserError } from "../core/index.ts";
import { rootUuid } from "../plan/index.ts";
import { bootCheck, type CheckVia, type XenKernel } from "../target/index.ts";
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
  /** For a Xen host that cannot read the boot disk. */
  readonly kernel: XenKernel | null;
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
  kernel,
  directory,
  layers,
  signal,
  emit,
}: Options): Promise<BootResult> {
  const why = whyNot(plan, layers);
  if (why !== null) return notTried(why);
  const tried = bootCheck({
    via: checkVia(plan, { facts, kernel }),
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

/** By the hypervisor that will run it, where that can be used; otherwise by QEMU alone. */
function checkVia(
  { place }: Plan,
  { facts, kernel }: { facts: HostFacts | null; kernel: XenKernel | null },
): CheckVia {
  if (place.hypervisor === "libvirt" && facts?.libvirt?.usable === true)
    return { kind: "libvirt", libvirt: facts.libvirt };
  if (place.hypervisor === "xen" && facts?.xen?.usable === true)
    return { kind: "xen", xen: facts.xen, kernel };
  return { kind: "qemu" };
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
