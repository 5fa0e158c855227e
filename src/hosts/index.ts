// SPDX-License-Identifier: Apache-2.0
// hosts owns where a VM lives: this machine or one over ssh, by one POSIX shell; and it brings the agent there.
export { type CleanedHost, cleanHost } from "./clean.ts";
export { writeAskpass } from "./askpass.ts";
export * from "./destination.ts";
export { discoverHost, parseHostFacts } from "./discover/index.ts";
export * from "./host-keys.ts";
export { readInterpreter } from "./interpreter.ts";
export * from "./local.ts";
export { agentScript, nodeBinary } from "./package.ts";
export * from "./pinned-ssh.ts";
export { runScript, type Started, startScript, type Transport } from "./shell.ts";
export * from "./ssh.ts";
export * from "./known-way.ts";
