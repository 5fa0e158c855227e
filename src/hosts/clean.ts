// SPDX-License-Identifier: Apache-2.0
// Takes away what was brought to a host: agents and their Node in the user's cache there, and what broken uploads left.
import { lastWords, UserError } from "../core/index.ts";
import { runScript, type Transport } from "./shell.ts";
import { type SshOptions, sshTransport } from "./ssh.ts";

export type CleanedHost = {
  readonly host: string;
  /** null: it has none. */
  readonly directory: string | null;
  readonly removed: readonly { readonly file: string; readonly sizeBytes: number }[];
};

// Only names that startAgent() and remote give: the same directory may hold other things of virt-p2v, and of the user.
const CLEAN = `d=\${XDG_CACHE_HOME:-\${HOME:?there is no HOME}/.cache}/virt-p2v
[ -d "$d" ] || exit 0
printf '%s\\n' "$d"
for f in "$d"/node-* "$d"/agent-*.mjs "$d"/portable-* "$d"/.upload-*; do
[ -f "$f" ] && [ ! -L "$f" ] || continue
n=$(wc -c <"$f") && rm -f -- "$f" && printf '%s %s\\n' "$((n))" "\${f##*/}" || exit 45
done
rmdir -- "$d" 2>/dev/null || :`;

/** A copy that runs there goes on: a program stays until it ends. UserError `host`. */
export async function cleanHost(options: SshOptions): Promise<CleanedHost> {
  await using transport = await sshTransport(options);
  return await cleanCache(transport, options.signal);
}

async function cleanCache(transport: Transport, signal: AbortSignal): Promise<CleanedHost> {
  const { code, stdout, stderr } = await runScript(transport, CLEAN, { signal, timeoutMs: 120_000 });
  if (code !== 0)
    throw new UserError(
      "host-not-cleaned",
      `The cache on ${transport.title} cannot be cleaned: ${lastWords(stderr)}`,
      { advice: "Remove ~/.cache/virt-p2v (or XDG_CACHE_HOME/virt-p2v) there by hand" },
    );
  const [directory = "", ...lines] = stdout.toString("utf8").split("\n");
  const removed = lines.flatMap((line) => {
    const match = /^(\d{1,15}) ([A-Za-z0-9._-]{1,255})$/.exec(line);
    return match?.[2] === undefined ? [] : [{ file: match[2], sizeBytes: Number(match[1]) }];
  });
  return { host: transport.title, directory: directory === "" ? null : directory, removed };
}
