// SPDX-License-Identifier: Apache-2.0
// Looks at disks and the system installed on them, through a throw-away overlay.
import type { Emit, GuestOS, Machine, NetworkSetup, Problem } from "../core/index.ts";
import { inspectMachine, readNetworkSetup } from "../inspect/index.ts";
import type { KeyAnswer, ToldDisk } from "../plan/index.ts";
import { findDisks, openSource } from "./source/source.ts";
import { openWorkspace } from "./workspace.ts";

export type Inspection = {
  readonly machine: Machine;
  readonly guest: GuestOS | null;
  /** How the installed system is connected; null: not known. */
  readonly network: NetworkSetup | null;
  readonly problems: readonly Problem[];
};

type Options = {
  readonly keys?: readonly KeyAnswer[];
  readonly root?: string | null;
  readonly was?: readonly ToldDisk[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
};

/** The given disks or images, and the system on them. */
export async function inspectDisks(
  paths: readonly string[],
  { keys = [], root = null, was = [], signal, emit }: Options,
): Promise<Inspection> {
  await using workspace = await openWorkspace();
  const found = await findDisks(paths, { keys, signal, emit });
  await using source = await openSource(found, {
    signal,
    emit,
    workDirectory: workspace.path,
    asIs: false,
    root,
    was,
  });
  return {
    machine: { ...found.machine, storage: found.storage },
    guest: source.guest,
    network: source.mounted === null ? null : await readNetworkSetup(source.mounted.view),
    problems: source.problems,
  };
}

/** This machine, or a recorded one below `sysroot`. Its disks may be in use, so no system on them is looked at. */
export async function inspectThisMachine({
  sysroot,
  signal,
}: {
  sysroot: string | null;
  signal: AbortSignal;
}): Promise<Inspection> {
  const machine = await inspectMachine({ ...(sysroot === null ? {} : { sysroot }), signal });
  return { machine, guest: null, network: null, problems: [] };
}
