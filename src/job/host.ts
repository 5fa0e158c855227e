// SPDX-License-Identifier: Apache-2.0
// What the host of a destination is, on its own: for virt-p2v host show.
import { resolve } from "node:path";
import type { Destination, HostFacts } from "../core/index.ts";
import { discoverHost } from "../hosts/index.ts";
import { connectHost } from "./destination.ts";

export async function showHost({
  destination,
  sshConfig,
  signal,
}: {
  destination: Destination;
  sshConfig: string | null;
  signal: AbortSignal;
}): Promise<HostFacts> {
  await using host = await connectHost(destination, { sshConfig, signal });
  const path = destination.kind === "dir" ? resolve(destination.path) : destination.path;
  return await discoverHost(host, { directories: path === "/" ? [] : [path], signal });
}
