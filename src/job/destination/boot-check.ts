// SPDX-License-Identifier: Apache-2.0
// The boot check: tried where it can be, and otherwise the reason why not.
import {
  type Emit,
  type Host,
  type HostFacts,
  luksBelow,
  type OpenedCrypt,
  type Outcome,
  type Plan,
  type Secret,
  UserError,
} from "../../core/index.ts";
import { rootUuid } from "../../plan/index.ts";
import { bootCheck, type CheckVia, noProbeReason, type XenKernel } from "../../vm/index.ts";
import type { ProbeLayer } from "../source/probe.ts";

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
  /** LUKS volumes whose passphrase the VM asks for. */
  readonly opened: readonly OpenedCrypt[];
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
  opened,
  layers,
  signal,
  emit,
}: Options): Promise<BootResult> {
  const via = checkVia(plan, { facts, kernel, asks: opened.length > 0 });
  const locked = lockedRoot(plan, opened);
  const why = whyNot(plan, layers) ?? whyLocked(locked, via);
  if (why !== null) return notTried(why);
  const tried = bootCheck({
    via,
    host,
    directory,
    vm: plan.vm,
    layers: layers.map(({ file, qcow2Path }) => ({ file, qcow2: qcow2Path })),
    guest: plan.guest,
    expectedRootUuid: rootUuid({ guest: plan.guest, storage: plan.intent.storage }),
    nics: plan.intent.nics,
    passphrases: passphrasesOf([...locked, ...opened]),
    rootIsLocked: locked.length > 0,
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
  { facts, kernel, asks }: { facts: HostFacts | null; kernel: XenKernel | null; asks: boolean },
): CheckVia {
  // Through libvirt nobody could type: its words go over a command line, and its screens are pictures.
  if (place.hypervisor === "libvirt" && !asks && facts?.libvirt?.usable === true)
    return { kind: "libvirt", libvirt: facts.libvirt };
  if (place.hypervisor === "xen" && facts?.xen?.usable === true)
    return { kind: "xen", xen: facts.xen, kernel };
  return { kind: "qemu" };
}

/** The volumes that the root lies in. */
function lockedRoot({ guest, intent }: Plan, opened: readonly OpenedCrypt[]): readonly OpenedCrypt[] {
  const below = guest === null ? [] : luksBelow(intent.storage, guest.root);
  return opened.filter((one) => below.includes(one.below));
}

function whyLocked(locked: readonly OpenedCrypt[], via: CheckVia): string | null {
  if (locked.length === 0) return null;
  if (via.kind === "xen")
    return "The VM asks for the passphrase of its disk at its console, where a check by Xen cannot type";
  return locked.some(({ passphrase }) => passphrase === null)
    ? "The key of the VM's disk cannot be typed at its console (it is not a line of plain characters), so how it boots behind that is not known"
    : null;
}

/** Each once, in this order. */
function passphrasesOf(opened: readonly OpenedCrypt[]): readonly Secret[] {
  const seen = new Map<string, Secret>();
  for (const { passphrase } of opened)
    if (passphrase !== null) seen.set(Buffer.from(passphrase.reveal()).toString("latin1"), passphrase);
  return [...seen.values()];
}

function notTried(why: string): BootResult {
  return { outcome: { kind: "not-tried", why }, waitingUnits: [], screenshotPng: null, console: "" };
}

function whyNot({ intent, guest }: Plan, layers: readonly ProbeLayer[]): string | null {
  if (!intent.bootCheck) return "The boot check was declined (--no-boot-check)";
  if (guest === null) return "No installed system was recognized, so nothing could tell that it is up";
  if (layers.length === 0) return noProbeReason(guest);
  return null;
}
