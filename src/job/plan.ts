// SPDX-License-Identifier: Apache-2.0
// The plan: everything that would happen, worked out for real on the overlay, and nothing done.
import { dirname, join } from "node:path";
import {
  type Blobs,
  counted,
  type Emit,
  errorOf,
  type GuestOS,
  type GuestView,
  type Host,
  type HostFacts,
  makeProblem,
  type Preview,
  type Problem,
  type ShownChange,
  type TimeEstimate,
} from "../core/index.ts";
import {
  chrootTools,
  type DriverExtras,
  type GuestTools,
  openBlobs,
  propose,
  showChanges,
} from "../convert/index.ts";
import {
  type Answers,
  checkFit,
  choosePlace,
  estimateTime,
  fitDirectory,
  leavableDisks,
  makeIntent,
  makeVm,
  settleHypervisor,
  stoppers,
  vmOnHost,
} from "../plan/index.ts";
import { walkChain } from "../chain/index.ts";
import { findKernels } from "../inspect/index.ts";
import { layeredView } from "../system/index.ts";
import { connectHost, vmDirectory } from "./destination/destination.ts";
import { askDirectory } from "./destination/directory.ts";
import { findDone } from "./destination/done.ts";
import { withChain } from "./chain-problems.ts";
import { extrasFor } from "./extras.ts";
import { withLeftBehind } from "./left-behind.ts";
import { askHost } from "./destination/host.ts";
import { measureSamples } from "./destination/measure.ts";
import { checkVolumes } from "./destination/volumes.ts";
import { findDisks, openSource, type OpenSource } from "./source/source.ts";
import { openWorkspace } from "./workspace.ts";

/** What a plan is made of: a source that is open, or a server that runs. */
export type PlannedSource = Omit<OpenSource, "seal" | typeof Symbol.asyncDispose>;

export type PlanContext = {
  readonly source: PlannedSource;
  readonly answers: Answers;
  readonly host: Host;
  /** null: nothing is defined there, so it was not asked. */
  readonly facts: HostFacts | null;
  readonly blobs: Blobs;
  readonly workDirectory: string;
  /** Absent: how long the copy takes is measured. */
  readonly isMeasured?: boolean;
  /** What is done with the guest's own tools, beside running them in the guest that is mounted at `root`. */
  readonly tools?: (real: GuestTools, root: string) => GuestTools;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** Why no system was found says more than that the VM has no name. UserError: the first problem that stops. */
function refuseFirst(problems: readonly Problem[]): void {
  const first = problems.find(({ severity }) => severity === "stops");
  if (first !== undefined) throw errorOf(first);
}

export async function makePreview(context: PlanContext): Promise<Preview> {
  const { source, answers, host, facts } = context;
  if (answers.name === null && source.guest === null) refuseFirst(source.problems);
  const made = makeIntent(answers, source);
  const hypervisor = settleHypervisor(answers.hypervisor, facts);
  const intent = { ...made.intent, hypervisor };
  const inFiles = source.usage.filter((_, index) => intent.volumes[index] === undefined);
  const usedBytes = inFiles.reduce((sum, disk) => sum + disk.usedBytes, 0);
  const directory = vmDirectory(answers.destination, intent.name);
  const directoryFit = fitDirectory(await askDirectory(host, directory, context), { ...intent, usedBytes });
  const { goesOn } = directoryFit;
  const volumes = await checkVolumes(host, {
    ...intent,
    directory,
    goesOn,
    isHere: answers.destination.kind === "dir",
    signal: context.signal,
  });
  const extras = await extrasFor(answers);
  const proposal = await proposeChanges({ ...context, extras, known: made.problems }, intent);
  const { guest, view } = proposal;
  const vm = vmOnHost(makeVm(intent, guest), { hypervisor, facts, guest, storage: source.storage });
  const place = choosePlace(vm, { hypervisor, facts, host: answers.host });
  const ours = intent.replace || intent.update || goesOn !== null;
  const fit = facts === null ? [] : checkFit(facts, { hypervisor, vm, place, ours });
  const chain =
    guest === null || view === null
      ? null
      : await walkChain({ view, guest, intent, vm, signal: context.signal });
  const found = withLeftBehind([...source.problems, ...made.problems, ...proposal.problems], {
    changes: proposal.changes,
    fstab: (await view?.readText("/etc/fstab").catch(() => null)) ?? "",
  });
  const time = (context.isMeasured ?? true) ? await estimate(context) : null;
  const done = directoryFit.isInTheWay
    ? await findDone(host, directory, { vm, machine: source.machine })
    : null;
  return {
    format: "plan/1",
    intent,
    guest,
    vm,
    place,
    changes: proposal.changes,
    problems: [
      ...(done === null ? [] : [done]),
      ...directoryFit.problems.filter(({ code }) => done === null || code !== "destination-exists"),
      ...volumes,
      ...fit,
      ...withChain(found, chain),
    ],
    chain,
    disks: source.usage,
    ...(time === null ? {} : { time }),
  };
}

async function estimate({ source, answers, host, signal, emit }: PlanContext): Promise<TimeEstimate | null> {
  emit({ type: "step", phase: "plan", text: "Measuring how long the copy will take" });
  const { disks, used: maps, usage, guest } = source;
  const samples = await measureSamples({ disks, maps, host, answers, signal });
  if (samples === null) return null;
  const { windowEnds = null, transfer, update } = answers;
  return estimateTime({
    disks: usage,
    samples,
    limitBytesPerSecond: transfer.limitBytesPerSecond,
    update,
    leavable: leavableDisks(usage, guest),
    window: windowEnds === null ? null : { now: new Date(), endsAt: windowEnds },
  });
}

type Proposed = {
  readonly changes: readonly ShownChange[];
  readonly problems: readonly Problem[];
  /** With the kernels that it will have. */
  readonly guest: GuestOS | null;
  /** Its files with the changes. */
  readonly view: GuestView | null;
};

export async function proposeChanges(
  {
    source,
    blobs,
    workDirectory,
    tools = (real) => real,
    extras,
    known,
    signal,
    emit,
  }: Omit<PlanContext, "answers" | "host" | "facts"> & {
    readonly extras: DriverExtras;
    /** What the answers and the machine had to say. */
    readonly known: readonly Problem[];
  },
  intent: Preview["intent"],
): Promise<Proposed> {
  if (source.guest === null || source.mounted === null) {
    // That it is not changed has been said, and why.
    if (source.problems.some(({ code }) => code === "system-by-image"))
      return { changes: [], problems: [], guest: null, view: null };
    const text = intent.asIs
      ? "The disks are copied as they are: nothing in the guest is changed"
      : "No installed Linux system was found on the disks";
    const advice = intent.asIs
      ? "The VM may not boot, or boot without network"
      : "They are copied as they are; the VM may not boot";
    return {
      changes: [],
      problems: [
        makeProblem("not-converted", {
          about: [],
          text,
          advice,
        }),
      ],
      guest: source.guest,
      view: null,
    };
  }
  const { view: before, directory: root } = source.mounted;
  const proposal = await propose({
    view: before,
    guest: source.guest,
    intent,
    blobs,
    tools: tools(chrootTools({ root, workDirectory }), root),
    extras,
    findKernels,
    known: [...source.problems, ...known],
    signal,
    emit,
  });
  const view = layeredView(before, blobs, proposal.changes);
  return { ...proposal, view, changes: await showChanges(proposal.changes, blobs) };
}

/** UserError with the first problem that forbids to begin. */
export function refuseStoppers(preview: Preview): void {
  const [problem, ...more] = stoppers(preview);
  if (problem === undefined) return;
  const others =
    more.length === 0
      ? ""
      : ` (and ${counted(more.length, "more problem")} that ${more.length === 1 ? "stops" : "stop"}, in the plan)`;
  throw errorOf({ ...problem, text: `${problem.text}${others}` });
}

type PlanOnlyOptions = Pick<PlanContext, "answers" | "signal" | "emit"> & {
  readonly sshConfig: string | null;
  /** Files for the directory where the VM's own would be, as `.plan.txt` by its text: NAME.plan.txt. null: none. */
  readonly save: ((preview: Preview) => Readonly<Record<string, string>>) | null;
};

/** The plan alone: the overlay on which it was worked out is dropped. */
export async function planOnly({ answers, sshConfig, save, signal, emit }: PlanOnlyOptions): Promise<{
  preview: Preview;
  /** Paths on the host. */
  saved: readonly string[];
}> {
  await using workspace = await openWorkspace();
  const workDirectory = workspace.path;
  const blobs = await openBlobs(join(workDirectory, "blobs"));
  emit({ type: "step", phase: "inspect", text: "Looking at the destination" });
  await using host = await connectHost(answers.destination, { sshConfig, signal });
  const facts = await askHost(host, { answers, signal });
  const { mirrors, keys = [] } = answers;
  const found = await findDisks(answers.disks, { mirrors, keys, signal, emit });
  await using source = await openSource(found, {
    signal,
    emit,
    workDirectory,
    asIs: answers.asIs,
    root: answers.root ?? null,
    ...(answers.was === undefined ? {} : { was: answers.was }),
  });
  const preview = await makePreview({ source, answers, host, facts, blobs, workDirectory, signal, emit });
  const saved: string[] = [];
  const base = vmDirectory(answers.destination, preview.intent.name);
  for (const [ending, text] of Object.entries(save?.(preview) ?? {})) {
    if (saved.length === 0) await host.makeDirectory(dirname(base), { mode: 0o700 });
    await host.writeFile(`${base}${ending}`, Buffer.from(text), { mode: 0o600 });
    saved.push(`${base}${ending}`);
  }
  return { preview, saved };
}
