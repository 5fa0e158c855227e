// SPDX-License-Identifier: Apache-2.0
// What the user's own ssh knows of a host, for a system that will have none of that user's files: the address behind the name,
// the user, the port, and the key of the host that was accepted.
import { type Destination, UserError } from "../core/index.ts";
import { run } from "../system/index.ts";
import { sshArguments } from "./ssh.ts";
import { sshError } from "./ssh-errors.ts";

type SshDestination = Extract<Destination, { kind: "ssh" }>;

export type KnownWay = {
  /** As ssh's own configuration has it: with the real host name, the port and the user. */
  readonly destination: SshDestination & { readonly user: string };
  /** Through other hosts or programs: null, directly. */
  readonly through: string | null;
  /** `SHA256:...`, of the key that was compared with the known ones. */
  readonly hostKey: string;
};

type Access = { readonly sshConfig: string | null; readonly signal: AbortSignal };

/** Logs in once. UserError `host` as any connection, where that fails. */
export async function readKnownWay(destination: SshDestination, access: Access): Promise<KnownWay> {
  const { sshConfig, signal } = access;
  const words = sshArguments({ destination, sshConfig }, { interactive: process.stdin.isTTY, hasAes: false });
  const call = { signal, timeoutMs: 120_000, maxOutputBytes: 2 ** 20, allowCodes: [255] };
  const said = await run(["ssh", "-v", ...words, "--", destination.host, "true"], call);
  const hostKey = parseHostKey(said.stderr);
  if (said.code === 255)
    throw sshError(
      { title: destination.host, ...destination },
      said.stderr
        .split("\n")
        .filter((line) => !line.startsWith("debug1:"))
        .join("\n"),
    );
  if (hostKey === null)
    throw new UserError("host-no-answer", `ssh does not say which key ${destination.host} has shown`, {
      advice: "Use OpenSSH's ssh, 6.8 or newer",
    });
  const { stdout } = await run(["ssh", "-G", ...words, "--", destination.host], call);
  return { ...parseSshSettings(stdout, destination), hostKey };
}

/** `debug1: Server host key: ssh-ed25519 SHA256:...`: it was accepted, since StrictHostKeyChecking is on. Pure. */
export function parseHostKey(stderr: string): string | null {
  return /^debug1: Server host key: \S+ (SHA256:[A-Za-z0-9+/]+)\s*$/m.exec(stderr)?.[1] ?? null;
}

/** Of `ssh -G`: a line for each setting, its name in lower case. Pure. */
export function parseSshSettings(text: string, destination: SshDestination): Omit<KnownWay, "hostKey"> {
  const value = (name: string): string | null =>
    new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]?.trim() ?? null;
  const jump = value("proxyjump");
  const program = value("proxycommand");
  const port = Number(value("port") ?? "22");
  return {
    destination: {
      ...destination,
      host: value("hostname") ?? destination.host,
      user: value("user") ?? destination.user ?? "root",
      port: port === 22 ? null : port,
    },
    through: [jump, program].find((one) => one !== null && one !== "none") ?? null,
  };
}
