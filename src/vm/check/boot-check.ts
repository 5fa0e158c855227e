// SPDX-License-Identifier: Apache-2.0
// The boot check: starts the finished VM once, on throw-away files above its images, and says how it went.
import {
  diskPath,
  type Emit,
  formatBytes,
  type GuestOS,
  type Host,
  type IntendedNic,
  type LibvirtFacts,
  type Outcome,
  type Secret,
  type VmModel,
  type XenFacts,
} from "../../core/index.ts";
import type { Accelerator } from "./argv.ts";
import { type Attempt, attemptBoot, type CheckRun } from "./attempt.ts";
import { sendFile } from "./files.ts";
import { acceleratorsFor, findTools, fitToHost, rememberKvm, type Survey, surveyHost } from "./host.ts";
import { launchLibvirt } from "./libvirt.ts";
import { launchQemu, type QemuLaunch } from "./qemu.ts";
import type { Watch } from "./watch.ts";
import { lacksForXenCheck, launchXen } from "./xen.ts";
import { type ConsoleLines, consoleLines } from "../verdict/console-lines.ts";
import { explainConsole } from "../verdict/explain-console.ts";
import { judge } from "../verdict/judge.ts";
import { noProbeReason } from "../probe/probe-files.ts";
import { Typist } from "./passphrase.ts";
import type { XenKernel } from "../define/xl.ts";

/** Who starts the VM on the host. */
export type CheckVia =
  | { readonly kind: "qemu" }
  | { readonly kind: "libvirt"; readonly libvirt: LibvirtFacts }
  | { readonly kind: "xen"; readonly xen: XenFacts; readonly kernel: XenKernel | null };

export type BootCheck = {
  readonly via: CheckVia;
  readonly host: Host;
  /** Absolute on the host; has the images. `.p2v-check` is made and removed in it. */
  readonly directory: string;
  readonly vm: VmModel;
  /** By image file name: a local qcow2 file that holds what the probe changed, and names no backing file. */
  readonly layers: readonly { readonly file: string; readonly qcow2: string }[];
  readonly guest: GuestOS | null;
  readonly expectedRootUuid: string | null;
  readonly nics: readonly IntendedNic[];
  /** Of encrypted volumes that the VM asks for at boot; only QEMU's own check can type them. */
  readonly passphrases: readonly Secret[];
  /** The root lies in one of them. */
  readonly rootIsLocked: boolean;
  /** From a VM's start; a host without KVM needs minutes. */
  readonly timeoutMs: number;
  readonly emit: Emit;
  readonly signal: AbortSignal;
};

export type BootCheckResult = {
  readonly outcome: Outcome;
  readonly waitingUnits: readonly string[];
  readonly screenshotPng: Uint8Array | null;
  /** What the VM printed on its serial console, without control characters. */
  readonly console: string;
};

/** No sign of a kernel, no output and no disk activity for so long: then KVM is taken for broken. */
const KVM_STALL_MS = 25_000;
/** The same where KVM ran another VM: what it does to this one may differ, and a check that waits in vain says "not booted". */
const PROVEN_KVM_STALL_MS = 2 * 60_000;
/** A boot under KVM takes no longer than this, unless something in it hangs. */
const KVM_LIMIT_MS = 5 * 60_000;
const LAST_LINES = 40;

export async function bootCheck(check: BootCheck): Promise<BootCheckResult> {
  const { host, vm, signal } = check;
  if (check.guest === null || check.layers.length === 0) return notTried(noProbeReason(check.guest));
  const found = await findLauncher(check);
  if (found.kind === "missing") return notTried(found.why);
  const survey = found.surveyed(await surveyHost(host, signal));
  const fit = fitToHost(vm, survey);
  const step = (text: string): void => check.emit({ type: "step", phase: "boot", text });
  if (fit.memoryBytes < vm.memoryBytes || fit.vcpus < vm.vcpus)
    step(
      `the check uses ${formatBytes(fit.memoryBytes)} and ${fit.vcpus} CPUs, as far as ${host.title} has them`,
    );

  await using work = await makeWorkspace(host, `${check.directory}/.p2v-check`);
  const disks = found.readsQcow2 ? await putLayers(check, work.path) : localLayers(check);
  const unproven = survey.kvmWorks !== true;
  let kvmFailed = false;
  for (const accelerator of acceleratorsFor(survey)) {
    const kvm = accelerator === "kvm";
    step(`starting ${vm.name} ${found.how(accelerator)}`);
    const directory = `${work.path}/${accelerator}`;
    await host.makeDirectory(directory, { mode: 0o700 });
    const console = consoleLines();
    const files = { host, vm, accelerator, disks, directory, ...fit, signal };
    const attempt = await attemptBoot({
      launch: (watch) => found.launch(files, watch),
      restartsAllowed: vm.firmware.kind === "uefi" ? 2 : 1,
      console,
      typist: new Typist(check.passphrases, check),
      signal,
      timeoutMs: kvm && unproven ? Math.min(KVM_LIMIT_MS, check.timeoutMs) : check.timeoutMs,
      stallMs: kvm ? (unproven ? KVM_STALL_MS : PROVEN_KVM_STALL_MS) : null,
      onLine: (line) => check.emit({ type: "console", line }),
    });
    if (kvm && provesNothing(attempt, unproven)) {
      kvmFailed = true;
      step(`KVM does not run this VM on ${host.title} (${howItEnded(attempt)})`);
      continue;
    }
    // Only a run that got further without KVM shows that KVM was at fault, and not the guest.
    // And only a kernel that ran shows that KVM works: a loader alone runs where kernels hang.
    if (kvm && attempt.sawKernel) await rememberKvm(host, survey, true);
    if (!kvm && kvmFailed && attempt.sawKernel) await rememberKvm(host, survey, false);
    return conclude(check, attempt, console);
  }
  throw new Error("No accelerator was tried");
}

type Launcher = {
  readonly kind: "found";
  /** What is known of the host, as this way of starting sees it. */
  readonly surveyed: (survey: Survey) => Survey;
  readonly how: (accelerator: Accelerator) => string;
  /** Otherwise it is given the probe's layers as they lie here. */
  readonly readsQcow2: boolean;
  readonly launch: (files: Omit<QemuLaunch, "tools">, watch: Watch) => Promise<CheckRun | null>;
};

const byQemu = {
  readsQcow2: true,
  how: (accelerator: Accelerator) =>
    accelerator === "kvm" ? "with KVM" : "with an emulated CPU, which is slow",
  surveyed: (survey: Survey) => survey,
} as const;

async function findLauncher(check: BootCheck): Promise<Launcher | { kind: "missing"; why: string }> {
  const { host, vm, via } = check;
  if (via.kind === "xen") {
    const { xen, kernel } = via;
    const why = await lacksForXenCheck(host, { vm, xen });
    if (why !== null) return { kind: "missing", why };
    const free = xen.freeMemoryBytes;
    return {
      kind: "found",
      // dom0 knows its own memory only.
      surveyed: (survey) => ({
        ...survey,
        availableBytes: free.kind === "known" ? free.value : null,
        kvmOpens: false,
      }),
      how: () => `as a Xen domain (${vm.xen.type})`,
      readsQcow2: false,
      launch: (files, watch) => launchXen({ ...files, xen, kernel, imageDirectory: check.directory }, watch),
    };
  }
  if (via.kind === "libvirt") {
    const { libvirt } = via;
    const qemuImg = await host.which("qemu-img");
    if (qemuImg === null) return { kind: "missing", why: `qemu-img is not installed on ${host.title}` };
    const launch: Launcher["launch"] = (files, watch) => launchLibvirt({ ...files, libvirt, qemuImg }, watch);
    const surveyed = (survey: Survey): Survey => ({ ...survey, kvmOpens: survey.kvmOpens && libvirt.kvm });
    return { kind: "found", ...byQemu, surveyed, launch };
  }
  const found = await findTools(host, vm, check.directory);
  if (found.kind === "missing") return found;
  const { tools } = found;
  return { kind: "found", ...byQemu, launch: (files, watch) => launchQemu({ ...files, tools }, watch) };
}

/** An end under KVM that may be KVM's own fault, so the VM is started again without it. */
function provesNothing({ ending, sawKernel }: Attempt, unproven: boolean): boolean {
  switch (ending.kind) {
    case "exited":
    case "stalled":
      return true;
    case "time":
      return unproven;
    case "probe":
    case "locked":
      return false;
    case "final":
    case "off":
    case "restarts":
      return !sawKernel;
  }
}

function howItEnded({ ending }: Attempt): string {
  return ending.kind === "exited" ? ending.words : ending.kind === "time" ? "out of time" : "it hangs";
}

function conclude(check: BootCheck, attempt: Attempt, console: ConsoleLines): BootCheckResult {
  const { ending, seconds, screenshotPng } = attempt;
  const lastLines = console.last(LAST_LINES);
  const result = (outcome: Outcome, waitingUnits: readonly string[] = []): BootCheckResult => ({
    outcome,
    waitingUnits,
    screenshotPng,
    console: console.text(),
  });
  const notBooted = (why: string): BootCheckResult => result({ kind: "not-booted", why, lastLines });
  const meaning = explainConsole(lastLines);
  switch (ending.kind) {
    case "probe": {
      const { expectedRootUuid, nics } = check;
      const guest = check.guest ?? { network: [], mounts: [] };
      const dhcpAnswers = check.via.kind !== "xen"; // QEMU's own network has a server, a bridge has none
      const input = { probe: ending.probe, expectedRootUuid, guest, nics, dhcpAnswers, seconds, lastLines };
      const { outcome, waitingUnits } = judge(input);
      return result(outcome, waitingUnits);
    }
    case "exited":
      return attempt.sawKernel
        ? notBooted(`QEMU ended while the guest ran: ${ending.words}`)
        : result({ kind: "not-tried", why: `QEMU on ${check.host.title} did not run: ${ending.words}` });
    case "off":
      return notBooted(`The VM switched itself off before it reported. ${meaning}`);
    case "restarts":
      return notBooted(`The VM restarts again and again. ${meaning}`);
    case "locked":
      return result({
        kind: "not-tried",
        why: "The VM asks for the passphrase of its disk, and does not take the one that was typed as on a US keyboard: its keyboard may be another, or it asks for a volume whose key was not given. How it boots behind that is not known",
      });
    case "stalled":
    case "final":
    case "time":
      return notBooted(meaning);
  }
}

function notTried(why: string): BootCheckResult {
  return { outcome: { kind: "not-tried", why }, waitingUnits: [], screenshotPng: null, console: "" };
}

async function makeWorkspace(host: Host, path: string): Promise<AsyncDisposable & { readonly path: string }> {
  await host.remove(path); // of a run that was killed
  await host.makeDirectory(path, { mode: 0o700 });
  return { path, [Symbol.asyncDispose]: () => host.remove(path) };
}

const localLayers = ({ vm, layers, directory }: BootCheck): readonly CheckLayer[] =>
  vm.disks.map((disk) => ({
    image: diskPath(disk, directory),
    layer: layers.find(({ file }) => file === disk.file)?.qcow2 ?? null,
  }));

type CheckLayer = { readonly image: string; readonly layer: string | null };

async function putLayers(
  { host, vm, layers, directory, signal }: BootCheck,
  workspace: string,
): Promise<readonly CheckLayer[]> {
  const disks: CheckLayer[] = [];
  for (const [index, disk] of vm.disks.entries()) {
    signal.throwIfAborted();
    const local = layers.find(({ file }) => file === disk.file)?.qcow2 ?? null;
    const layer = local === null ? null : `${workspace}/layer-${index + 1}.qcow2`;
    if (local !== null && layer !== null) await sendFile(host, local, { to: layer });
    disks.push({ image: diskPath(disk, directory), layer });
  }
  return disks;
}
