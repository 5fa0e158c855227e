// SPDX-License-Identifier: Apache-2.0
// The main job, from a physical disk to a VM that was seen to boot. Read this first: it is the data flow.
import { join } from "node:path";
import { type Emit, makeProblem, type Preview, type Problem, type Report } from "../core/index.ts";
import { applyChanges, openBlobs } from "../convert/index.ts";
import { startProof } from "../proof/index.ts";
import { type Answers, chooseProof, confirmed, stoppers } from "../plan/index.ts";
import { measureDowntime } from "./cutover/mark.ts";
import { leaveForVm, startBeforeLeaving } from "./cutover/after/leave-network.ts";
import { readNote } from "./cutover/note.ts";
import { withPrepared } from "./cutover/after/prepared.ts";
import { checkBoot } from "./destination/boot-check.ts";
import { compareChain } from "./destination/compare-chain.ts";
import { copySource } from "./copy.ts";
import { defineVm } from "./destination/define-vm.ts";
import { writeReport } from "./destination/write-report.ts";
import { connectHost, printDestination, vmDirectory, type SshAccess } from "./destination/destination.ts";
import { askHost } from "./destination/host.ts";
import { unread } from "./source/mirrors.ts";
import { keepChanges } from "./destination/keep-changes.ts";
import { startPhases } from "./phases.ts";
import { makePreview, refuseStoppers } from "./plan.ts";
import { takeWrites } from "./writes/recorded.ts";
import { Traced } from "./writes/traced.ts";
import { makeProbeLayers } from "./source/probe.ts";
import { findDisks, openSource } from "./source/source.ts";
import { startVm } from "./destination/start.ts";
import { openWorkspace } from "./workspace.ts";
import { takeKernel } from "./destination/xen-kernel.ts";

export type MigrateOptions = SshAccess & {
  readonly answers: Answers;
  readonly version: string;
  /** Shows the plan; false ends the job before anything is done. */
  readonly confirm: (preview: Preview) => Promise<boolean>;
  /** Shows a plan that has problems which stop, before the first of them is thrown. */
  readonly stopped?: (preview: Preview) => Promise<void>;
  /** Is the original off? Asked last, when the VM shall be started for real. */
  readonly confirmStart?: (report: Report) => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

const SOURCE_CHANGED = makeProblem("source-changed", {
  about: [],
  severity: "warns",
  text: "The source is not as it was when the migration began",
  advice: "Something else wrote to it: see the proof for what, stop that, and migrate again with --replace",
});

/** null: the user said no. Throws UserError; the source is untouched in every case. */
export async function migrate({
  answers,
  sshConfig,
  askpass = null,
  version,
  confirm,
  stopped,
  confirmStart = () => Promise.resolve(false),
  signal,
  emit,
}: MigrateOptions): Promise<Report | null> {
  const begun = new Date();
  const phases = startPhases(emit);
  await using workspace = await openWorkspace();
  const workDirectory = workspace.path;
  const blobs = await openBlobs(join(workDirectory, "blobs"));
  const problems: Problem[] = [];
  const listen: Emit = (event) => {
    if (event.type === "problem") problems.push(event.problem);
    emit(event);
  };
  const call = { signal, emit: listen };

  await using host = await connectHost(answers.destination, { sshConfig, askpass, signal });
  const { facts, found } = await phases.run("inspect", async () => ({
    facts: await askHost(host, { answers, signal }),
    found: await findDisks(answers.disks, { mirrors: answers.mirrors, keys: answers.keys ?? [], ...call }),
  }));
  const level = chooseProof(answers, found.disks);
  await using proof = await phases.ahead("verify", () =>
    startProof({ disks: [...found.disks, ...unread(found)], level, storage: found.storage, ...call }),
  );
  await using source = await phases.run("overlay", () =>
    openSource(found, {
      ...call,
      workDirectory,
      asIs: answers.asIs,
      root: answers.root ?? null,
      ...(answers.was === undefined ? {} : { was: answers.was }),
    }),
  );

  const isReplacing = (await readNote()) !== null;
  const preview = await phases.run("plan", () =>
    makePreview({
      source,
      answers,
      host,
      facts,
      blobs,
      workDirectory,
      tools: withPrepared(listen),
      isMeasured: !isReplacing, // nobody reads how long it takes while the server is down
      ...call,
    }),
  );
  if (stoppers(preview).length > 0) await stopped?.(preview);
  refuseStoppers(preview);
  if (!(await confirm(preview))) return null;
  const plan = confirmed(preview);
  const directory = vmDirectory(answers.destination, plan.intent.name);

  const { sealed, kernel, made } = await phases.run("convert", async () => {
    const root = source.mounted?.directory ?? null;
    const directories = root === null ? [] : await applyChanges(plan.changes, { root, blobs, signal });
    const taken = await takeKernel({ plan, view: source.mounted?.view ?? null, workDirectory });
    const views = await source.seal();
    for (const view of views) await proof.sealed(view);
    for (const disk of unread(found)) await proof.sealed({ disk, touched: [] });
    return { sealed: views, kernel: taken, made: directories };
  });
  const layers = await makeProbeLayers({ plan, sealed, opened: found.opened, ...call });
  const shown = printDestination(answers.destination, plan.intent.name);
  const traced = answers.trustWrites
    ? new Traced(await takeWrites({ disks: found.disks, destination: shown, ...call }))
    : null;
  const copied = await phases.run("copy", () =>
    copySource({
      plan,
      transfer: answers.transfer,
      sealed,
      opened: found.opened,
      host,
      directory,
      proof,
      traced,
      release: version,
      ...call,
    }),
  );
  const proven = await phases.run("verify", () => proof.finish());
  if (!proven.held) listen({ type: "problem", problem: SOURCE_CHANGED });
  const { definition, kept } = await phases.run("define", async () => ({
    definition: await defineVm({ plan, host, facts, kernel, directory, ...call }),
    kept: await keepChanges({ plan, host, directory, blobs, made, version, ...call }),
  }));
  const boot = await phases.run("boot", () =>
    checkBoot({ plan, host, facts, kernel, directory, opened: found.opened, layers, ...call }),
  );
  const down = { host, directory, signal };
  const cutover = await measureDowntime({ ...down, until: "boot-check" });
  const differs = compareChain(plan.chain, boot.outcome);
  for (const problem of differs) listen({ type: "problem", problem });

  const report: Report = {
    format: "report/1",
    version,
    name: plan.intent.name,
    begun: begun.toISOString(),
    ended: new Date().toISOString(),
    outcome: boot.outcome,
    waitingUnits: boot.waitingUnits,
    machine: found.machine,
    guest: plan.guest,
    intent: plan.intent,
    vm: plan.vm,
    seconds: phases.seconds(),
    disks: copied,
    changes: plan.changes,
    proof: proven,
    problems: [...plan.problems, ...problems],
    chain: plan.chain,
    destination: shown,
    kept,
    definition,
    started: null,
    cutover,
    compared: traced?.verdict() ?? null,
  };
  await writeReport({ report, host, directory, boot });
  const startIt = answers.host.start && definition !== null && facts !== null && (await confirmStart(report));
  const begins = startIt ? { host, facts, definition, directory, ...call } : null;
  // In place of the server, this system has the VM's addresses: it leaves the network before the VM goes on.
  const paused = begins !== null && cutover !== null ? await startBeforeLeaving(begins) : null;
  const started = paused?.started ?? (begins === null ? null : (await startVm(begins)).started);
  const running: Report = {
    ...report,
    started,
    ...(paused === null ? {} : { cutover: await measureDowntime({ ...down, until: "start" }) }),
  };
  if (startIt) await writeReport({ report: running, host, directory, boot });
  if (begins !== null && paused !== null) await leaveForVm(begins, paused.vm);
  if (traced === null) return running;
  const compared = await phases.run("verify", () => traced.compareRest(found.disks, call));
  const final: Report = { ...running, compared, problems: [...plan.problems, ...problems] };
  if (paused === null) await writeReport({ report: final, host, directory, boot }); // else nobody is reached any more
  return final;
}
