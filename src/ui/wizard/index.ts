// SPDX-License-Identifier: Apache-2.0
// wizard owns the questions of a console: pages as pure functions of one state, shown by Debian's dialog.
export { openDialogScreen } from "./screen.ts";
export { NO_NETWORK, type WizardState } from "./state.ts";
export { runWizard } from "./wizard.ts";
