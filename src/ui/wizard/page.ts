// SPDX-License-Identifier: Apache-2.0
// What a page is: pure functions of the state. The runner (wizard.ts) does the rest.
import type { Box } from "./box.ts";
import type { WizardState } from "./state.ts";

export type PageName = "welcome" | "host-kind" | "host" | "directory" | "host-key" | "login" | "disks" | "vm";

export type Page = {
  readonly name: PageName;
  readonly help: string;
  applies(state: WizardState): boolean;
  box(state: WizardState): Box;
  /** The state with what was answered. UserError: said, and the page is shown again. */
  take(state: WizardState, values: readonly string[]): WizardState;
};
