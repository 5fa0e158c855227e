// SPDX-License-Identifier: Apache-2.0
// All that a cutover rests on, looked at before anything is done: every finding is kept, so that a person sees them at once.
import { existsSync } from "node:fs";
import {
  type Emit,
  type Host,
  type Machine,
  makeProblem,
  type Preview,
  type Problem,
} from "../../../core/index.ts";
import { type KnownWay, readKnownWay } from "../../../hosts/index.ts";
import { openSourceDisk } from "../../../inspect/index.ts";
import type { Answers } from "../../../plan/index.ts";
import { connectHost, printDestination, vmDirectory } from "../../destination/destination.ts";
import { readLastPass } from "../../last-pass.ts";
import { whyNotRecorded } from "../../writes/recorded.ts";
import { readFacts, readRunning } from "./collect.ts";
import { judgeDisks } from "../disks.ts";
import type { CutoverFacts } from "./facts.ts";
import { judgeCutover } from "./judge.ts";
import { kept, planCutover } from "./plan.ts";

export type CutoverCheck = {
  readonly facts: CutoverFacts;
  /** null: no plan could be made of files alone; a problem says why. */
  readonly preview: Preview | null;
  readonly problems: readonly Problem[];
  /** null: nothing was copied ahead. */
  readonly lastPassSeconds: number | null;
  /** null: the destination was not reached; a problem says why. */
  readonly reached: Reached | null;
};

export type Reached = {
  readonly host: Host;
  readonly way: KnownWay;
  /** Of the destination, as this server finds it. */
  readonly address: string;
  readonly directory: string;
};

type Options = {
  readonly answers: Answers;
  readonly name: string;
  readonly machine: Machine;
  readonly sshConfig: string | null;
  readonly live: CutoverFacts["live"];
  readonly version: string;
  /** Memory. */
  readonly directory: string;
  readonly keep: AsyncDisposableStack;
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

export async function checkCutover(options: Options): Promise<CutoverCheck> {
  const { answers, machine, live, version, signal } = options;
  const problems: Problem[] = [...judgeDisks(answers.disks, machine.storage)];
  const reached = await kept(problems, () => reach(options, problems), signal);
  const running =
    reached === null
      ? null
      : await kept(problems, () => readRunning(reached.way.destination.host, { machine, signal }), signal);
  const facts: CutoverFacts = {
    ...(await readFacts(machine)),
    live,
    version,
    network: running?.network ?? null,
  };
  const judged = judgeCutover(facts);
  // Where the destination was not reached, that has been said, and nothing is known of the way to it.
  const isKnown = running !== null || answers.destination.kind === "dir";
  problems.push(...judged.filter(({ code }) => isKnown || code !== "cutover-to-wrong"));
  if (answers.trustWrites)
    problems.push(...((await kept(problems, () => judgeRecord(answers, options.name), signal)) ?? []));
  const preview = await planCutover(options, {
    reached,
    problems,
    availableBytes: facts.memory.availableBytes,
  });
  const lastPassSeconds = reached === null ? null : await readLastPass(reached.host, reached.directory);
  if (reached !== null && lastPassSeconds === null) problems.push(NOTHING_AHEAD);
  return {
    facts,
    preview,
    problems,
    lastPassSeconds,
    reached: reached === null || running === null ? null : { ...reached, address: running.address },
  };
}

async function judgeRecord(answers: Answers, name: string): Promise<readonly Problem[]> {
  const paths = answers.disks.filter((path) => existsSync(path)); // of others something else is said
  const disks = await Promise.all(paths.map((path, index) => openSourceDisk(path, index + 1)));
  const destination = printDestination(answers.destination, name);
  const why = await whyNotRecorded({ disks, destination });
  if (why === null) return [];
  return [
    makeProblem("not-recorded", {
      about: [],
      severity: "stops",
      text: `The writes of this server are not known: ${why}`,
      advice:
        "Run copy --live --trust-writes to the same place and name first; or leave out --trust-writes: then everything is compared",
    }),
  ];
}

const NOTHING_AHEAD = makeProblem("cutover-no-copy", {
  about: [],
  text: "Nothing was copied ahead: the server is down for as long as all of its disks take to be sent",
  advice: "First, while it works: virt-p2v copy --live, to the same place under the same name",
});

/** The destination as the user's own ssh reaches it. */
async function reach(
  { answers, name, sshConfig, keep, signal }: Options,
  problems: Problem[],
): Promise<Omit<Reached, "address"> | null> {
  const { destination } = answers;
  if (destination.kind === "dir") return null;
  const way = await readKnownWay(destination, { sshConfig, signal });
  if (way.through !== null)
    problems.push(
      makeProblem("cutover-network", {
        about: [],
        severity: "stops",
        text: `ssh reaches ${destination.host} through ${way.through}, and the live system goes there directly`,
        advice: "Give an address that this server reaches itself",
      }),
    );
  const host = keep.use(await connectHost(destination, { sshConfig, signal }));
  return { host, way, directory: vmDirectory(destination, name) };
}
