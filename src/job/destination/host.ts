// SPDX-License-Identifier: Apache-2.0
// What the host of a destination is: asked for a migration, and on its own for virt-p2v host show.
import { resolve } from "node:path";
import type { Destination, Host, HostFacts } from "../../core/index.ts";
import { discoverHost } from "../../hosts/index.ts";
import type { Answers } from "../../plan/index.ts";
import { connectHost } from "./destination.ts";

/** null where nothing shall be defined: files alone were asked for, or a directory of this machine without more. */
export async function askHost(
  host: Host,
  {
    answers: { destination, hypervisor },
    signal,
  }: { answers: Pick<Answers, "destination" | "hypervisor">; signal: AbortSignal },
): Promise<HostFacts | null> {
  if (hypervisor === "qemu" || (hypervisor === "auto" && destination.kind === "dir")) return null;
  return await discoverHost(host, { directories: directoriesOf(destination), signal });
}

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
  return await discoverHost(host, { directories: directoriesOf(destination), signal });
}

function directoriesOf(destination: Destination): readonly string[] {
  const path = destination.kind === "dir" ? resolve(destination.path) : destination.path;
  return path === "/" ? [] : [path];
}
