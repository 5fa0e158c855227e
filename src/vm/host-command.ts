// SPDX-License-Identifier: Apache-2.0
// Commands of hypervisors on a host: run with the rights that were found there, and their failures in one sentence.
import { type CommandPrefix, type Host, lastWords, type LibvirtFacts, UserError } from "../core/index.ts";

const ACT_TIMEOUT_MS = 120_000;

export type Call = { readonly host: Host; readonly signal: AbortSignal };

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The words of `virsh ...` for this host. */
export function virshArgv(
  { prefix, uri }: Pick<LibvirtFacts, "prefix" | "uri">,
  words: readonly string[],
): string[] {
  return [...prefix, "virsh", "-q", "-c", uri, ...words];
}

// xl lies in /usr/sbin, which the PATH of an ordinary user lacks; sudo has a PATH of its own.
const WITH_PATH = [
  "sh",
  "-c",
  'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C exec "$@"',
  "sh",
] as const;

export function xlArgv(prefix: CommandPrefix, words: readonly string[]): string[] {
  return [...WITH_PATH, ...prefix, "xl", ...words];
}

/** Code, output and complaints as they are. */
export async function tryOn({ host, signal }: Call, argv: readonly string[]): Promise<Ended> {
  return await host.run(argv, { timeoutMs: ACT_TIMEOUT_MS, signal });
}

/** UserError (host) with the last words of a command that fails. `what` completes "Cannot ...". */
export async function actOn(
  call: Call,
  argv: readonly string[],
  { what, advice }: { what: string; advice: string },
): Promise<string> {
  const { code, stdout, stderr } = await tryOn(call, argv);
  if (code === 0) return stdout;
  throw new UserError(
    "host-act-failed",
    `Cannot ${what} on ${call.host.title}: ${complaint({ code, stdout, stderr })}`,
    {
      advice,
    },
  );
}

/** What it said last, of both streams; else its code. */
export function complaint({ code, stdout, stderr }: Ended): string {
  const words = lastWords(`${stdout}\n${stderr}`, { lines: 1, maxChars: 400 }).replace(/^error: /, "");
  return words === "" ? `exit code ${code}` : words;
}
