// SPDX-License-Identifier: Apache-2.0
// A host over the system's ssh. Not there yet: it comes with the next commit.
import { type Destination, type Host, UserError } from "../core/index.ts";

export type SshOptions = {
  readonly destination: Extract<Destination, { kind: "ssh" }>;
  readonly sshConfig: string | null;
  readonly signal: AbortSignal;
};

export function sshHost({ destination }: SshOptions): Promise<Host> {
  const error = new UserError("usage", "ssh-missing", `ssh to ${destination.host} is not there yet`, {
    advice: "Use dir:PATH",
  });
  return Promise.reject(error);
}
