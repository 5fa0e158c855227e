// SPDX-License-Identifier: Apache-2.0
// What a page is: pure functions of the state. The runner (wizard.ts) does the rest.
import type { Box } from "./box.ts";
import type { WizardState } from "./state.ts";

export type PageName =
  | "welcome"
  | "keyboard"
  | "encryption"
  | "network-way"
  | "network-links"
  | "network-link"
  | "network-check"
  | "host-kind"
  | "host"
  | "directory"
  | "host-key"
  | "login"
  | "disks"
  | "system"
  | "mirrors"
  | "vm";

export type Page = {
  readonly name: PageName;
  readonly help: string;
  applies(state: WizardState): boolean;
  box(state: WizardState): Box;
  /** The state with what was answered. UserError: said, and the page is shown again. */
  take(state: WizardState, values: readonly string[]): WizardState;
  /** Where Next leads, where it is not the page that follows. */
  readonly nextPage?: PageName;
};
