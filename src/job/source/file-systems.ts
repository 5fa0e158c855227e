// SPDX-License-Identifier: Apache-2.0
// The file systems on the overlay: their devices, and each of them checked.
import {
  type BlockGraph,
  type BlockNode,
  type BlockView,
  companionsOf,
  type Emit,
  isLaterDevice,
  isOldDevice,
  makeProblem,
  named,
  type OpenedCrypt,
  type Problem,
  type ToldName,
  UserError,
} from "../../core/index.ts";
import { attachVolumes, checkVolume, devicesBeside, isTooNew, type Volumes } from "../../overlay/index.ts";

export type OverlayContext = {
  readonly storage: BlockGraph;
  readonly views: readonly BlockView[];
  readonly opened: readonly OpenedCrypt[];
  /** What the user says of the disks' names on the old machine. */
  readonly told: readonly ToldName[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

export type FileSystem = BlockNode & { readonly holds: Extract<BlockNode["holds"], { kind: "filesystem" }> };

/** Each once: a btrfs over several devices is told by the first of them. */
export function fileSystems(storage: BlockGraph): FileSystem[] {
  return storage.nodes.filter(
    (node): node is FileSystem => node.holds.kind === "filesystem" && !isLaterDevice(storage, node),
  );
}

export function attach(context: OverlayContext, { readOnly }: { readOnly: boolean }): Promise<Volumes> {
  const views = context.views.map(({ disk, path }) => ({ disk, path }));
  const { storage: graph, opened, signal } = context;
  return attachVolumes({ graph, views, opened, readOnly, signal });
}

/** Replays journals in the overlay and checks there. Damage stops the run with the checker's own words. */
export async function checkVolumes(context: OverlayContext): Promise<readonly Problem[]> {
  const { signal, emit, storage } = context;
  await using volumes = await attach(context, { readOnly: false });
  const problems: Problem[] = storage.nodes.filter((node) => isOldDevice(storage, node)).map(leftBehind);
  for (const node of fileSystems(storage)) {
    const { type } = node.holds;
    const device = await volumes.device(node.id);
    if ("unavailable" in device) {
      problems.push(notReached(node, device.unavailable));
      continue;
    }
    const beside = await devicesBeside(volumes, node.id);
    if ("unavailable" in beside) {
      problems.push(incomplete(storage, node, beside.unavailable));
      continue;
    }
    const check = await checkVolume({ device: device.path, type, log: beside.log, replay: true, signal });
    if (check.state === "damaged")
      throw new UserError(
        "filesystem-damaged",
        `The ${type} file system ${node.id} on ${node.path} is damaged: ${check.words}`,
        {
          advice: "Repair it on the machine itself, or copy it as it is, without conversion, with --as-is",
        },
      );
    emit({ type: "step", phase: "overlay", text: `${node.id}: ${type}, ${check.state}` });
    if (check.state === "unchecked" && isTooNew(check.words)) problems.push(tooNew(node, check.words));
    if (check.dirty)
      problems.push(
        makeProblem("filesystem-dirty", {
          about: named("node", node.id),
          text: `The ${type} file system ${node.id} was not shut down cleanly; its journal was replayed on the overlay`,
          advice: "The VM gets the replayed state; the source keeps its journal as it is",
        }),
      );
  }
  return problems;
}

function notReached(node: BlockNode, why: string): Problem {
  return makeProblem("volume-not-reached", {
    about: named("node", node.id),
    text: `${node.id} cannot be opened here: ${why}`,
    advice: "It is copied whole and not converted",
  });
}

function tooNew({ id, path, holds }: FileSystem, words: string): Problem {
  return makeProblem("filesystem-not-checked", {
    about: named("node", id),
    text: `The ${holds.type} file system ${id} on ${path} has features that the checker here does not know: ${words}`,
    advice: "It is taken for whole. A live CD with newer tools can check it",
  });
}

function leftBehind({ id, path }: BlockNode): Problem {
  return makeProblem("filesystem-device-old", {
    about: [...named("node", id), ...named("disk", path)],
    text: `${id} on ${path} is an old device of a btrfs, and a newer one of its number is here: it was replaced, or dropped out`,
    advice: "Leave that disk out: nothing on it is needed, and the VM should not have both",
  });
}

/** A part of it is not given, or cannot be opened. */
function incomplete(storage: BlockGraph, node: FileSystem, why: string): Problem {
  const isMissing = companionsOf(storage, node).kind === "missing" && node.holds.realtime !== true;
  return makeProblem("filesystem-incomplete", {
    about: named("node", node.id),
    text: `The ${node.holds.type} file system ${node.id} on ${node.path} cannot be opened: ${why}`,
    advice: isMissing
      ? "Give the disk with the rest of it too; without it the VM cannot mount this file system either"
      : "It is copied as it is, and not checked or converted",
  });
}
