// SPDX-License-Identifier: Apache-2.0
// The disks of a source as they were found.
import type { BlockGraph, Machine, OpenedCrypt, Problem, SourceDisk } from "../../core/index.ts";

/** What the disks hold, without a byte of them interpreted as a mounted file system yet. */
export type FoundDisks = {
  readonly disks: readonly SourceDisk[];
  readonly storage: BlockGraph;
  readonly problems: readonly Problem[];
  readonly machine: Machine;
  /** Disk images say nothing about the machine that runs this program. */
  readonly machineIsSource: boolean;
  /** LUKS volumes that a given key opens. */
  readonly opened: readonly OpenedCrypt[];
};
