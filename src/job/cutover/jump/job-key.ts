// SPDX-License-Identifier: Apache-2.0
// A key for one job alone. Its private half is made in memory and travels in the initramfs, so it ends with the live system; its
// public half is a line in the destination's authorized_keys, and is taken out when the job ends. Whoever keeps keys elsewhere
// there (AuthorizedKeysFile, certificates) names one with --identity.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Host, lastWords, UserError } from "../../../core/index.ts";
import { run } from "../../../system/index.ts";

/** Nothing that a migration needs: it runs commands. Old servers of ssh know no "restrict". */
const LIMITS = "no-agent-forwarding,no-port-forwarding,no-pty,no-X11-forwarding";

/** At the end of the line, with a colon, so that web is not the beginning of web2. */
const markOf = (name: string): string => `virt-p2v-cutover:${name}:`;

/** The paths of both halves, in a directory that is memory. */
export async function makeKey(
  directory: string,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<string> {
  const path = join(directory, "job-key");
  await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", markOf(name), "-f", path], { signal });
  return path;
}

/** The file stays the same one, with its owner, mode and links: on Proxmox VE it is a link into the cluster's. */
const TAKE_OUT = `umask 077
f=$HOME/.ssh/authorized_keys
[ -f "$f" ] || exit 0
grep -q -F -e "$1" "$f" || exit 0
kept=$(grep -v -F -e "$1" "$f"; echo .)
printf %s "\${kept%.}" >"$f"`;

const PUT_IN = `umask 077
f=$HOME/.ssh/authorized_keys
mkdir -p "$HOME/.ssh" || exit 1
[ ! -s "$f" ] || [ -z "$(tail -c 1 "$f")" ] || echo >>"$f" || exit 1
printf '%s\\n' "$1" >>"$f"`;

/** `key`: as makeKey gave it. UserError where the line cannot be written there. */
export async function allowKey(
  host: Host,
  key: string,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<void> {
  await forbidKey(host, { name, signal });
  const line = `${LIMITS} ${(await readFile(`${key}.pub`, "utf8")).trim()}`;
  await act(host, [PUT_IN, line], signal);
}

export async function forbidKey(
  host: Host,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<void> {
  await act(host, [TAKE_OUT, markOf(name)], signal);
}

async function act(
  host: Host,
  [script, word]: readonly [string, string],
  signal: AbortSignal,
): Promise<void> {
  const { code, stderr } = await host.run(["sh", "-c", script.replaceAll("\n", "; "), "sh", word], {
    timeoutMs: 60_000,
    signal,
  });
  if (code === 0) return;
  throw new UserError(
    "cutover-key",
    `The key of this job cannot be changed in authorized_keys on ${host.title}: ${lastWords(stderr)}`,
    {
      advice: "Give a key that may log in there, with --identity FILE",
    },
  );
}
