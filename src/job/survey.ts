// SPDX-License-Identifier: Apache-2.0
// A machine that was surveyed while it ran, on a desk: what it is, and the plan for it as far as files can tell.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DiskPreview,
  type Emit,
  formatBytes,
  guestFiles,
  type GuestOS,
  makeProblem,
  named,
  type NodeId,
  type Preview,
  type Problem,
  UserError,
} from "../core/index.ts";
import { DESK_STEPS, deskTools, type FreeSpace, openBlobs, propose, showChanges } from "../convert/index.ts";
import {
  estimateUsage,
  findRootNode,
  inspectGuest,
  looksLikeRoot,
  numberDisks,
  type NumberedDisks,
  readMounts,
  readNetworkSetup,
  readSurvey,
  type Space,
  type Survey,
} from "../inspect/index.ts";
import { type Answers, choosePlace, makeIntent, makeVm } from "../plan/index.ts";
import { extrasFor } from "./extras.ts";
import type { Inspection } from "./inspect.ts";

type Surveyed = NumberedDisks & {
  readonly survey: Survey;
  readonly guest: GuestOS | null;
  readonly usage: readonly DiskPreview[];
  readonly problems: readonly Problem[];
};

/** UserError where the file is not an archive of the collector. */
export async function inspectSurvey(path: string, { signal }: { signal: AbortSignal }): Promise<Inspection> {
  const survey = await readSurvey(path, { signal });
  const { guest, problems } = await lookAt(survey, survey.disks);
  const network = guest === null ? null : await readNetworkSetup(survey.view);
  return { machine: survey.machine, guest, network, problems };
}

/** `paths`: its disks, by their device nodes there. */
async function lookAt(survey: Survey, paths: readonly string[]): Promise<Surveyed> {
  const { machine, view, spaces, tables } = survey;
  const numbered = numberDisks(machine.storage, paths);
  const usage = estimateUsage(numbered, { spaces, tables });
  const root = (await looksLikeRoot(view)) ? findRootNode(numbered.storage, tables) : null;
  const problems = [...whatIsMissing(survey), ...whole(usage.whole, numbered)];
  if (root === null)
    return { ...numbered, survey, guest: null, usage: usage.disks, problems: [...problems, NO_ROOT] };
  const mounts = await readMounts(view, { graph: numbered.storage, root });
  const guest = await inspectGuest(view, {
    rootNode: root,
    mounts: mounts.mounts,
    names: mounts.names,
    usedBytes: usedIn(spaces),
  });
  return {
    ...numbered,
    survey,
    guest,
    usage: usage.disks,
    problems: [...problems, ...mounts.problems],
  };
}

/** What is mounted twice is counted once. */
function usedIn(spaces: readonly Space[]): number {
  const used = new Map(spaces.map(({ source, usedBytes }) => [source, usedBytes]));
  return [...used.values()].reduce((sum, bytes) => sum + bytes, 0);
}

const NO_ROOT = makeProblem("survey-no-root", {
  about: [],
  text: "On which disk the installed system lies cannot be told from the archive",
  advice: "Give all its disks, or run the collector as root; a plan on the live CD knows it",
});

function whatIsMissing({ notes }: Survey): readonly Problem[] {
  if (notes.length === 0) return [];
  const more = notes.length > 5 ? ` and ${notes.length - 5} more` : "";
  return [
    makeProblem("survey-incomplete", {
      about: [],
      text: `The collector could not read everything: ${notes.slice(0, 5).join("; ")}${more}`,
      advice: "Run it as root to know the rest",
    }),
  ];
}

function whole(nodes: readonly NodeId[], { storage }: NumberedDisks): readonly Problem[] {
  const large = storage.nodes.filter(({ id, sizeBytes }) => nodes.includes(id) && sizeBytes >= 2 ** 26);
  if (large.length === 0) return [];
  const names = large.slice(0, 5).map(({ id, sizeBytes }) => `${id} (${formatBytes(sizeBytes)})`);
  return [
    makeProblem("survey-counted-whole", {
      about: named("node", ...large.map(({ id }) => id)),
      text: `Nobody told how much of ${names.join(", ")}${large.length > 5 ? " and others" : ""} is used: counted whole`,
      advice: "A migration finds which bytes are used, and sends no others",
    }),
  ];
}

export type SurveyPlan = {
  readonly file: string;
  readonly survey: Pick<Survey, "machine" | "date" | "notes">;
  readonly preview: Preview;
};

type PlanOptions = { readonly answers: Answers; readonly signal: AbortSignal; readonly emit: Emit };

/** The plan that a migration would make, without what only the disks or the host can tell. Nothing is connected to. */
export async function planSurvey(path: string, { answers, signal, emit }: PlanOptions): Promise<SurveyPlan> {
  const survey = await readSurvey(path, { signal });
  const paths = answers.disks.length === 0 ? survey.disks : answers.disks;
  refuseUnknownDisks(paths, survey, path);
  const found = await lookAt(survey, paths);
  const { guest, disks, storage } = found;
  const machine = { ...survey.machine, storage };
  const named = { ...answers, name: answers.name ?? guest?.hostname?.split(".")[0] ?? nameOf(machine.name) };
  const { intent, problems } = makeIntent(named, {
    machine,
    machineIsSource: true,
    guestRuns: true,
    disks,
    storage,
    guest,
  });
  const vm = makeVm(intent, guest);
  const place = choosePlace(vm, { hypervisor: intent.hypervisor, facts: null, host: answers.host });
  const directory = await mkdtemp(join(tmpdir(), "p2v-survey-"));
  try {
    const blobs = await openBlobs(join(directory, "blobs"));
    const proposal =
      guest === null || intent.asIs
        ? { changes: [], problems: [] }
        : await propose({
            view: survey.view,
            guest,
            intent,
            blobs,
            tools: deskTools((file) => freeSpace(survey.spaces, file)),
            extras: await extrasFor(answers),
            steps: DESK_STEPS,
            known: [...found.problems, ...problems],
            signal,
            emit,
          });
    const preview: Preview = {
      format: "plan/1",
      intent,
      guest,
      vm,
      place,
      changes: await showChanges(proposal.changes, blobs),
      problems: [...found.problems, ...problems, ...proposal.problems.map((one) => softened(one, survey))],
      chain: null, // kernels, initramfs and boot code are not in the archive
      disks: found.usage,
    };
    return { file: path, survey, preview };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Where /boot was closed to the collector, nobody can say that no kernel is there. */
function softened(problem: Problem, { notes }: Survey): Problem {
  const isClosed = notes.some((note) => /^\/(?:boot|efi)\b/.test(note));
  if (problem.code !== "no-kernel" || !isClosed) return problem;
  return makeProblem("survey-no-kernel", {
    about: guestFiles("/boot"),
    text: "No kernel was seen, and the collector could not read all of /boot",
    advice: "Run the collector as root",
  });
}

const nameOf = (hostname: string): string | null =>
  /^[A-Za-z0-9][A-Za-z0-9-]{0,62}/.exec(hostname)?.[0] ?? null;

function refuseUnknownDisks(paths: readonly string[], survey: Survey, file: string): void {
  const all = survey.machine.storage.nodes.flatMap(({ holds, path }) =>
    holds.kind === "disk" ? [path] : [],
  );
  const wrong = paths.find((path) => !all.includes(path));
  if (wrong !== undefined)
    throw new UserError("survey-no-disk", `${file} knows no disk ${wrong}`, {
      advice: all.length === 0 ? "It names no disks at all" : `Its disks: ${all.join(", ")}`,
    });
  if (paths.length === 0)
    throw new UserError("survey-no-disks", `${file} names no disk of that machine`, {
      advice: "See what virt-p2v inspect says of it; the machine may boot from the network",
    });
}

/** The file system mounted nearest above; where df did not say, there is room: a migration looks again. */
function freeSpace(spaces: readonly Space[], path: string): FreeSpace {
  const holds = ({ mount }: Space): boolean =>
    mount === "/" || path === mount || path.startsWith(`${mount}/`);
  const nearest = spaces.filter(holds).toSorted((a, b) => b.mount.length - a.mount.length)[0];
  return nearest === undefined
    ? { mount: "/", bytes: Number.MAX_SAFE_INTEGER, inodes: null }
    : { mount: nearest.mount, bytes: nearest.freeBytes, inodes: nearest.freeInodes };
}
