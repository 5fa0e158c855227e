// SPDX-License-Identifier: Apache-2.0
// Receivers of this process: the agent, and a shell of this machine.
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { serveAgent } from "../../src/receiver/agent/index.ts";
import { serve, type ServeOptions } from "../../src/receiver/serve.ts";
import { RemoteShell } from "../../src/receiver/shell/remote-shell.ts";
import { ShellStore } from "../../src/receiver/shell/store.ts";
import { shellHost, type ShellName } from "./shells.ts";

/** Resolves when it is gone, and has let the directory go. */
export type Serve = (stream: Duplex, directory: string, options?: ServeOptions) => Promise<unknown>;

export const agentServes: Serve = (stream, directory, options) =>
  serveAgent({ ...options, stream, directory, release: "agent" });

export async function shellServes(t: Pick<TestContext, "after">, name: ShellName): Promise<Serve> {
  const host = await shellHost(t, name);
  return async (stream, directory, options) =>
    await serve(stream, new ShellStore(await RemoteShell.open(host), directory), options);
}
