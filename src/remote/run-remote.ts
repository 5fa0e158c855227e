// SPDX-License-Identifier: Apache-2.0
// A command on another server, from here: bring the portable file, come to the job or begin it, and stay until it ends.
import { type Destination, shown as plainText, UserError } from "../core/index.ts";
import { sshTransport, startScript } from "../hosts/index.ts";
import { quoteWord } from "../system/index.ts";
import { keepLastShown, type LastShown, readLastShown } from "./last-shown.ts";
import type { Message } from "./messages.ts";
import { attachTerminal, type RemoteEnd, type Streams } from "./near-end.ts";
import { placePortable } from "./place.ts";
import type { Portable } from "./portable.ts";

/** The first word of this program where it is the end of a connection on the server, and where it keeps a job there. */
export const FAR_END_WORD = "remote-end";
export const KEEPER_WORD = "remote-job";

export type RemoteOptions = {
  readonly destination: Extract<Destination, { kind: "ssh" }>;
  readonly sshConfig: string | null;
  readonly portable: Portable;
  readonly words: readonly string[];
  readonly version: string;
  readonly streams: Streams;
  readonly signal: AbortSignal;
  readonly onSend: (to: string) => void;
  readonly onWelcome: (welcome: Message<"welcome">) => void;
};

const ENDING_MS = 5000;

/** How it ended, and on which server. UserError `host` where it did not begin. */
export async function runRemote(options: RemoteOptions): Promise<RemoteEnd & { readonly title: string }> {
  const { destination, sshConfig, portable, words, version, streams, signal, onSend, onWelcome } = options;
  await using transport = await sshTransport({ destination, sshConfig, signal });
  const path = await placePortable(transport, portable, { version, signal, onSend });
  // Once it runs, Ctrl-C is the job's.
  const starting = new AbortController();
  const onAbort = (): void => starting.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const started = await startScript(transport, `exec ${quoteWord(path)} ${FAR_END_WORD}`, {
    signal: starting.signal,
    lane: true,
    forwardsAgent: true,
  }).finally(() => signal.removeEventListener("abort", onAbort));
  let shown: LastShown | null = null;
  const onShown = (now: LastShown): void => void (shown = now);
  const last = await readLastShown();
  try {
    const end = await attachTerminal({ started, words, shown: last, streams, onWelcome, onShown });
    if (end.kind === "ended") await keepLastShown(null);
    if (end.kind === "cut" && !end.began && started.child.exitCode !== 255)
      throw new UserError(
        "remote-does-not-run",
        `The portable file ended on ${transport.title}: ${plainText(end.why) || "it said nothing"}`,
        { advice: `Try it there: ${quoteWord(path)} doctor` },
      );
    return { ...end, title: transport.title };
  } finally {
    if (shown !== null) await keepLastShown(shown);
    started.stdin.end();
    const hard = setTimeout(() => started.child.kill("SIGKILL"), ENDING_MS);
    await started.exited;
    clearTimeout(hard);
    started.stdout.destroy();
  }
}
