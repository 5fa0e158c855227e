// SPDX-License-Identifier: Apache-2.0
// Receivers of this process: the agent, and a shell of this machine.
import { type Duplex, PassThrough } from "node:stream";
import type { TestContext } from "node:test";
import { serveAgent } from "../../src/receiver/agent/index.ts";
import { serve, type ServeOptions } from "../../src/receiver/serve.ts";
import { RemoteShell } from "../../src/receiver/shell/remote-shell.ts";
import { ShellStore } from "../../src/receiver/shell/store.ts";
import { joinStreams } from "../../src/wire/index.ts";
import { shellHost, type ShellName } from "./shells.ts";

/** `ended`: it is gone, and has let the directory go. */
export type Served = { readonly stream: Duplex; readonly ended: Promise<unknown> };
export type Serve = (directory: string, options?: ServeOptions) => Promise<Served>;

export const agentServes: Serve = (directory, options) => {
  const { near, far } = pair();
  const ended = serveAgent({ ...options, stream: far, directory, release: "agent" });
  return Promise.resolve({ stream: near, ended });
};

export async function shellServes(t: Pick<TestContext, "after">, name: ShellName): Promise<Serve> {
  const host = await shellHost(t, name);
  return async (directory, options) => {
    const { near, far } = pair();
    const shell = await RemoteShell.open(host);
    return { stream: near, ended: serve(far, new ShellStore(shell, directory), options) };
  };
}

/** Two ends of one byte stream. */
function pair(): { readonly near: Duplex; readonly far: Duplex } {
  const [up, down] = [new PassThrough(), new PassThrough()];
  const [near, far] = [joinStreams(down, up), joinStreams(up, down)];
  for (const stream of [near, far]) stream.on("error", () => undefined);
  return { near, far };
}
