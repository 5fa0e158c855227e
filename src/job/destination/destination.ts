// SPDX-License-Identifier: Apache-2.0
// The destination: the host that has it, connected, and the VM's directory there.
import { resolve } from "node:path";
import type { Destination, Host } from "../../core/index.ts";
import { localHost, sshHost } from "../../hosts/index.ts";

/** How to log in over ssh. */
export type SshAccess = {
  /** A file for `ssh -F`; null: the user's own. */
  readonly sshConfig: string | null;
  /** The program that says the password (hosts/askpass.ts). */
  readonly askpass?: string | null;
};

export async function connectHost(
  destination: Destination,
  { sshConfig, askpass = null, signal }: SshAccess & { signal: AbortSignal },
): Promise<Host> {
  return destination.kind === "dir"
    ? localHost()
    : await sshHost({ destination, sshConfig, askpass, signal });
}

/** Where the VM's files will be: PATH/NAME. */
export function vmDirectory(destination: Destination, name: string): string {
  const base = destination.kind === "dir" ? resolve(destination.path) : destination.path.replace(/\/+$/, "");
  return `${base}/${name}`;
}

export function printDestination(destination: Destination, name: string): string {
  if (destination.kind === "dir") return vmDirectory(destination, name);
  const user = destination.user === null ? "" : `${destination.user}@`;
  const host = destination.host.includes(":") ? `[${destination.host}]` : destination.host;
  return `ssh://${user}${host}${destination.port === null ? "" : `:${destination.port}`}${vmDirectory(destination, name)}`;
}
