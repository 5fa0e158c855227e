// SPDX-License-Identifier: Apache-2.0
// What a running job tells whoever listens. Progress counts durable bytes only.
import type { Problem } from "./problems/index.ts";

export const PHASES = ["inspect", "overlay", "plan", "convert", "copy", "verify", "define", "boot"] as const;
export type Phase = (typeof PHASES)[number];

export type JobEvent =
  | { readonly type: "phase"; readonly phase: Phase; readonly state: "begun" | "done" }
  /** One line for a person, about what goes on now. */
  | { readonly type: "step"; readonly phase: Phase; readonly text: string }
  /** `doneBytes` are on the destination's disk, read back, hash equal; `totalBytes` are all used bytes of the disk. */
  | {
      readonly type: "progress";
      readonly phase: Phase;
      readonly disk: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
      readonly sentBytes: number;
    }
  | { readonly type: "problem"; readonly problem: Problem }
  /** A line of the VM's console during the boot check. */
  | { readonly type: "console"; readonly line: string };

export type Emit = (event: JobEvent) => void;
