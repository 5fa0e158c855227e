// SPDX-License-Identifier: Apache-2.0
// The receiver as a program on the host. What is sent there is this folder and what it imports: keep it small.
import type { Duplex } from "node:stream";
import { serve, type ServeOptions } from "../serve.ts";
import { AgentStore } from "./store.ts";

export type AgentOptions = ServeOptions & {
  readonly stream: Duplex;
  readonly directory: string;
  readonly release: string;
};

/** Serves until the sender ends. True when it said goodbye; what was acknowledged is durable in any case. */
export async function serveAgent({ stream, directory, release, ...options }: AgentOptions): Promise<boolean> {
  return await serve(stream, new AgentStore(directory, release), options);
}
