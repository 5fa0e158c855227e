// SPDX-License-Identifier: Apache-2.0
// receiver owns the destination's side of a copy: its rules, and two who write by them, the agent
// (agent/, a program of its own) and a shell of the host.
export { startShellReceiver } from "./shell/index.ts";
export type { ShellHost } from "./shell/remote-shell.ts";
