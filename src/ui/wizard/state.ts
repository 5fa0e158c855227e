// SPDX-License-Identifier: Apache-2.0
// What the wizard knows: what was found, and the answers, by the names of the settings table. Pure.
import type { GuestOS, Machine, NetworkSetup, Problem, Secret } from "../../core/index.ts";
import type { MissingFirmware } from "../../inspect/index.ts";
import { parseDestination } from "../../hosts/index.ts";
import type { Check } from "../../network/index.ts";
import type { Answers, KeyAnswer } from "../../plan/index.ts";
import {
  answerArguments,
  answersOf,
  type FileAnswers,
  findCommand,
  type Given,
  parseCommandLine,
  parseKeys,
  type SettingName,
} from "../settings/index.ts";

export type HostKey = { readonly type: string; readonly fingerprint: string };

/** `auto`: DHCP and router advertisements on every port, as at boot. */
export type NetworkWay = "server" | "auto" | "hand";

export type NetworkState = {
  /** null: not asked yet. */
  readonly way: NetworkWay | null;
  /** What the installed system's files ask for, with the addresses of its cards; null: nothing. */
  readonly found: NetworkSetup | null;
  /** What is edited, and then set up. */
  readonly setup: NetworkSetup;
  /** A link by its name, or what else has a page of its own. */
  readonly editing: string | null;
  /** The port whose light shall blink now. */
  readonly blink: string | null;
  /** What was set up last; `boot`: nothing yet. */
  readonly applied: NetworkSetup | "auto" | "boot";
  /** Of what was set up; null: not tried. */
  readonly checks: readonly Check[] | null;
};

export const NO_NETWORK: NetworkState = {
  way: null,
  found: null,
  setup: { links: [], dns: [], search: [] },
  editing: null,
  blink: null,
  applied: "boot",
  checks: null,
};

export type WizardState = {
  readonly machine: Machine;
  /** On the live CD: the computer is ours to power off, its network ours to set up. */
  readonly live: boolean;
  /** The hardware clock as the live system took it over. */
  readonly now: Date;
  /** What the kernel asked for in vain. */
  readonly missingFirmware: readonly MissingFirmware[];
  /** All of the live system is in memory. */
  readonly inMemory: boolean;
  /** Disks that could be taken, by path. */
  readonly disks: readonly string[];
  /** null: nobody looked yet, or nothing was found. */
  readonly guest: GuestOS | null;
  readonly problems: readonly Problem[];
  readonly lookedAt: boolean;
  /** Layouts of the screen's keyboard, by their names for loadkeys. */
  readonly keyboard: { readonly wanted: string; readonly loaded: string };
  readonly network: NetworkState;
  readonly answers: FileAnswers;
  /** For ssh: of the user, or of the key. Never written anywhere but for ssh to read. */
  readonly password: string | null;
  /** Of LUKS volumes. Never written anywhere. */
  readonly passphrases: readonly Secret[];
  /** What the host of the answers showed; null: not asked yet. */
  readonly hostKeys: readonly HostKey[] | null;
};

export const answer = ({ answers }: WizardState, name: SettingName): string | null =>
  answers.get(name)?.[0] ?? null;

/** Empty values take the answer away: the default counts again. */
export function withAnswers(
  state: WizardState,
  changes: Partial<Record<SettingName, readonly string[] | string>>,
): WizardState {
  const answers = new Map(state.answers);
  for (const [name, given] of Object.entries(changes) as [SettingName, readonly string[] | string][]) {
    const values = (typeof given === "string" ? [given] : given).filter((one) => one !== "");
    if (values.length === 0) answers.delete(name);
    else answers.set(name, values);
  }
  return { ...state, answers };
}

/** As flags would give them: the same words, the same checks. UserError (usage) where one makes no sense. */
function givenOf({ answers }: Pick<WizardState, "answers">): Given {
  return parseCommandLine(findCommand("migrate"), answerArguments(answers, new Set()));
}

export function jobAnswers(state: Pick<WizardState, "answers" | "passphrases">): Answers {
  const given = givenOf(state);
  return { ...answersOf(given, parseDestination(given.one("to") ?? "")), keys: keysFor(state) };
}

/** Files that the answers name, and what was typed. */
export function keysFor(state: Pick<WizardState, "answers" | "passphrases">): readonly KeyAnswer[] {
  const typed = state.passphrases.map(
    (secret): KeyAnswer => ({ uuid: null, from: { kind: "typed", secret } }),
  );
  return [...parseKeys(state.answers.get("key") ?? []), ...typed];
}
