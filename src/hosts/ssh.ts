// SPDX-License-Identifier: Apache-2.0
// A host over the system's ssh, with the user's own keys, configuration and known hosts. One connection carries all
// acts; each lane of a copy gets a connection of its own.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Destination, Host } from "../core/index.ts";
import { makeRunDirectory, readBounded } from "../system/index.ts";
import { ASKPASS_OPTIONS, askpassPrefix } from "./askpass.ts";
import { posixHost } from "./posix.ts";
import { BOOTSTRAP, startScript, type Transport } from "./shell.ts";
import { type SshTarget, sshError } from "./ssh-errors.ts";

type SshDestination = Extract<Destination, { kind: "ssh" }>;

export type SshOptions = {
  readonly destination: SshDestination;
  /** A file for `ssh -F`; null: the user's own. */
  readonly sshConfig: string | null;
  /** A program that says the password (askpass.ts); null: keys, or the terminal is asked. */
  readonly askpass?: string | null;
  readonly signal: AbortSignal;
};

/** Connects; UserError `host` when that fails, with what ssh said and what to do. */
export async function sshHost(options: SshOptions): Promise<Host> {
  return posixHost(await sshTransport(options));
}

/** A user may have any of these in the configuration; on our connections they would break or slow us. */
const ALWAYS: readonly string[] = [
  "ForwardAgent=no", // whoever is root there could log in by it
  "StrictHostKeyChecking=yes", // also where the user's configuration is weaker
  "ClearAllForwardings=yes",
  "Compression=no",
  "ConnectTimeout=20",
  "ForkAfterAuthentication=no",
  "PermitLocalCommand=no",
  "RemoteCommand=none",
  "RequestTTY=no",
  "ServerAliveCountMax=4",
  "ServerAliveInterval=15",
  "SessionType=default",
  "StdinNull=no",
];

/** The ssh options of every connection. Pure. */
export function sshArguments(
  { destination, sshConfig, askpass = null }: Pick<SshOptions, "destination" | "sshConfig" | "askpass">,
  { interactive, hasAes }: { interactive: boolean; hasAes: boolean },
): string[] {
  const options = [...ALWAYS, `BatchMode=${interactive || askpass !== null ? "no" : "yes"}`];
  if (askpass !== null) options.push(...ASKPASS_OPTIONS);
  // The fastest with hardware AES (measured: twice chacha20); without it, the order that OpenSSH prefers is right.
  if (hasAes) options.push("Ciphers=^aes128-gcm@openssh.com");
  const chosen = options.flatMap((option) => ["-o", option]);
  return ["-T", ...configWords(sshConfig), ...chosen, ...loginWords(destination)];
}

const configWords = (sshConfig: string | null): readonly string[] =>
  sshConfig === null ? [] : ["-F", sshConfig];

const loginWords = ({ port, user }: SshDestination): readonly string[] => [
  ...(port === null ? [] : ["-p", `${port}`]),
  ...(user === null ? [] : ["-l", user]),
];

export async function sshTransport(options: SshOptions): Promise<Transport> {
  const { destination, signal } = options;
  const target: SshTarget = { title: titleOf(destination), ...destination };
  const flags = sshArguments(options, {
    interactive: process.stdin.isTTY,
    hasAes: await hasAesFlag(),
  });
  const ssh = (words: readonly string[], script: string): string[] => [
    "ssh",
    ...words,
    "--",
    destination.host,
    script,
  ];
  const optionWords = (names: readonly string[]): string[] => names.flatMap((name) => ["-o", name]);
  /** Of two values of an option ssh takes the first. */
  const connection = (more: readonly string[], above: readonly string[] = []): string[] => [
    ...askpassPrefix(options.askpass ?? null),
    ...ssh([...optionWords(above), ...flags, ...optionWords(more)], BOOTSTRAP),
  ];
  const explain: Transport["explain"] = (code, stderr) =>
    code === 255 || code === null ? sshError(target, stderr) : null;

  await using opening = new AsyncDisposableStack();
  // A socket's path may have 108 bytes, and ssh adds 17 of its own: a long TMPDIR would not do.
  const directory = opening.use(await makeRunDirectory("ssh", { parent: "/tmp" }));
  const socket = join(directory.path, "s");
  opening.defer(() => rm(socket, { force: true }));
  const shared = [`ControlPath=${socket}`];
  const master: Transport = {
    title: target.title,
    isRemote: true,
    argv: () => connection(["ControlMaster=yes", "ControlPersist=no", ...shared]),
    paste: (script) => ssh(flags, script), // with all its options, once
    explain,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  // The connection lives as long as this script, and that as long as our end of its stdin.
  const started = await startScript(master, "cat >/dev/null", { signal, lane: false });
  opening.defer(async () => {
    started.stdin.end();
    const hard = setTimeout(() => started.child.kill("SIGKILL"), 3000);
    await started.closed;
    clearTimeout(hard);
  });
  const resources = opening.move();
  return {
    title: target.title,
    isRemote: true,
    argv: ({ lane, forwardsAgent = false }) =>
      connection(
        lane ? ["ControlMaster=no", "ControlPath=none"] : ["ControlMaster=no", ...shared],
        lane && forwardsAgent ? ["ForwardAgent=yes"] : [],
      ),
    paste: (script) => ssh([...configWords(options.sshConfig), ...loginWords(destination)], script),
    explain,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function titleOf({ user, host, port }: SshDestination): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return `${user === null ? "" : `${user}@`}${shown}${port === null ? "" : `:${port}`}`;
}

async function hasAesFlag(): Promise<boolean> {
  const info = await readBounded("/proc/cpuinfo", { maxBytes: 16 * 2 ** 20 }).catch(() => null);
  return info !== null && /^(flags|Features)\s*:.*\baes\b/m.test(info.toString("latin1"));
}
