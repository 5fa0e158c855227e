// SPDX-License-Identifier: Apache-2.0
// Whether a VM's directory can be written at a destination, by what is there. Pure.
import {
  formatBytes,
  type Host,
  type Intent,
  makeProblem,
  type Problem,
  type ProblemCode,
} from "../core/index.ts";

export type DirectoryFacts = {
  /** The host's, for messages. */
  readonly title: string;
  /** The VM's directory, absolute on the host. */
  readonly path: string;
  readonly kind: Awaited<ReturnType<Host["kindOf"]>>;
  readonly files: readonly string[];
  /** Images that a program there holds open: the VM runs. Looked at in a finished VM only. */
  readonly inUse: readonly string[];
  /** The directory itself, or its nearest parent that is there, and what is free in it. */
  readonly nearest: string;
  readonly isWritable: boolean;
  readonly freeBytes: number;
  /** What the images take that are there already. */
  readonly occupiedBytes: number;
};

export type DirectoryFit = {
  readonly problems: readonly Problem[];
  /** What is there, and is gone on with: what an earlier run did not finish, or the VM that is brought up to date. */
  readonly goesOn: "resume" | "update" | null;
  /** A finished VM is in the way. */
  readonly isInTheWay: boolean;
};

/** Definitions, report, hashes: nobody counts them. */
const ROOM_BYTES = 64 * 2 ** 20;

export const isImage = (file: string): boolean => /\.(?:img|qcow2)$/.test(file);

/** The report is written last: a run that ended before it goes on from what it copied. */
export const isFinished = (files: readonly string[]): boolean =>
  files.includes("manifest.json") && files.includes("report.json");

const isPartial = (files: readonly string[]): boolean =>
  files.includes("manifest.json") || files.some((file) => file.endsWith(".partial"));

export function fitDirectory(
  facts: DirectoryFacts,
  { replace, update, usedBytes }: Pick<Intent, "replace" | "update"> & { readonly usedBytes: number },
): DirectoryFit {
  const { files } = facts;
  const finished = isFinished(files);
  const changes = replace || update;
  const problems = [
    ...contentProblems(facts, { changes }),
    ...(changes ? facts.inUse.map((file) => inUse(facts, file)) : []),
    ...rightProblems(facts),
    ...spaceProblems(facts, usedBytes),
  ];
  const updates = finished && update && !replace;
  const goesOn = updates ? "update" : isPartial(files) && !finished ? "resume" : null;
  return { problems, goesOn, isInTheWay: finished && !changes };
}

function contentProblems(facts: DirectoryFacts, { changes }: { changes: boolean }): readonly Problem[] {
  const { kind, files, path } = facts;
  if (kind === "file" || kind === "other")
    return [
      stop(facts, "destination-wrong", {
        path,
        text: "is not a directory",
        advice: "Choose another --name, or a directory as the destination",
      }),
    ];
  if (isFinished(files))
    return changes
      ? []
      : [
          stop(facts, "destination-exists", {
            path,
            text: "holds a finished VM",
            advice: "Choose another --name, bring it up to date with --update, or replace it with --replace",
          }),
        ];
  if (files.length === 0 || isPartial(files)) return [];
  return [
    stop(facts, "destination-exists", {
      path,
      text: "is not empty and not ours",
      advice: "Choose another --name or destination",
    }),
  ];
}

const inUse = (facts: DirectoryFacts, file: string): Problem =>
  stop(facts, "destination-in-use", {
    path: `${facts.path}/${file}`,
    text: "is in use: the VM runs",
    advice: "Shut the VM down there, and run the same command again",
  });

function rightProblems(facts: DirectoryFacts): readonly Problem[] {
  if (facts.isWritable || facts.kind === "file" || facts.kind === "other") return [];
  return [
    stop(facts, "destination-read-only", {
      path: facts.nearest,
      text: "may not be written by this user, or its file system is read-only",
      advice: "Choose a directory that your user may write, or another user",
    }),
  ];
}

function spaceProblems(facts: DirectoryFacts, usedBytes: number): readonly Problem[] {
  const { freeBytes, occupiedBytes, nearest } = facts;
  const wanted = usedBytes + ROOM_BYTES;
  if (freeBytes + occupiedBytes >= wanted) return [];
  return [
    stop(facts, "destination-full", {
      path: nearest,
      text: `has ${formatBytes(freeBytes)} free, the VM needs ${formatBytes(wanted - occupiedBytes)}`,
      advice: "Free space there, or choose another destination",
    }),
  ];
}

/** `text` completes a sentence about the path. */
function stop(
  { title }: DirectoryFacts,
  code: ProblemCode,
  { path, text, advice }: { readonly path: string; readonly text: string; readonly advice: string },
): Problem {
  return makeProblem(code, {
    about: [{ kind: "file", of: "host", path }],
    text: `${path} on ${title} ${text}`,
    advice,
  });
}
