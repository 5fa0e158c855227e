// SPDX-License-Identifier: Apache-2.0
// What a command is in the table: its words for help and manual, and which settings it takes.
import type { SettingName } from "../table.ts";

/** One word, or two: `iso build`. */
export type CommandName =
  | "inspect"
  | "plan"
  | "migrate"
  | "copy"
  | "remote"
  | "cutover"
  | "convert"
  | "check"
  | "verify"
  | "report"
  | "host show"
  | "host define"
  | "host undefine"
  | "host clean"
  | "iso build"
  | "iso attach"
  | "iso pxe"
  | "iso kickstart"
  | "doctor"
  | "report-bug"
  | "live"
  | "wizard";

export type Command = {
  readonly name: CommandName;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What it does, for its help and the manual; paragraphs. */
  readonly description: readonly string[];
  /** `many`: several may be given, or none where the settings say enough. */
  readonly positional: {
    readonly name: string;
    readonly help: string;
    readonly many?: true;
    readonly optional?: true;
    /** What follows it is another command's, flags too. */
    readonly tail?: { readonly name: string; readonly help: string };
  } | null;
  readonly settings: readonly SettingName[];
  readonly required: readonly SettingName[];
  /** With this setting none is required. */
  readonly unless?: SettingName;
  readonly examples: readonly (readonly [string, string])[];
};

/** What a plan depends on; plan, migrate and the wizard take all of them. */
export const PLANNING: readonly SettingName[] = [
  "disk",
  "to",
  "name",
  "hypervisor",
  "format",
  "volume",
  "memory",
  "vcpus",
  "firmware",
  "nic",
  "network",
  "link",
  "autostart",
  "proof",
  "ssh-config",
  "replace",
  "update",
  "mirrors",
  "root",
  "was",
  "as-is",
  "key",
  "skip",
  "only",
  "with",
  "extras",
  "lanes",
  "compress",
  "limit-rate",
  "receiver",
  "window-ends",
  "retry-for",
  "skip-bad-sectors",
  "no-boot-check",
];
