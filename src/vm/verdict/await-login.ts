// SPDX-License-Identifier: Apache-2.0
// Reads a VM's console until somebody could log in.
import type { Host, Started } from "../../core/index.ts";
import { type ConsoleLines, consoleLines } from "./console-lines.ts";
import { explainConsole } from "./explain-console.ts";

/** As getty writes it (agetty's \n, then "login: "), also where the kernel prints behind it. */
const LOGIN = /(?:^|\s)\S* ?login: ?(?:\[ {0,5}\d+\.\d+\].*)?$/;
/** A message that ended in the prompt's line is followed by a new prompt only after Enter. */
const NUDGE_MS = 15_000;
const LAST_LINES = 40;

export type AwaitLogin = {
  readonly host: Host;
  /** Shows the console on its stdout, and takes keys. */
  readonly argv: readonly string[];
  /** Called once the console is being read: the VM may begin. */
  readonly begin: () => Promise<void>;
  readonly timeoutMs: number;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
};

/** The VM keeps running whatever comes of it. */
export async function awaitLogin(options: AwaitLogin): Promise<{ started: Started; console: string }> {
  const { host, argv, timeoutMs, signal } = options;
  const lines = consoleLines();
  await using reader = await host.spawn(argv, { signal: new AbortController().signal });
  const seen = Promise.withResolvers<Started>();
  seen.promise.catch(() => undefined); // awaited below
  reader.stdout.on("data", (bytes: Buffer) => {
    for (const line of lines.push(bytes)) {
      options.onLine(line);
      if (LOGIN.test(line)) seen.resolve({ kind: "login", seconds: secondsSince(begun) });
    }
    if (LOGIN.test(lines.unfinished())) seen.resolve({ kind: "login", seconds: secondsSince(begun) });
  });
  void reader.exited.then(() =>
    seen.resolve(notSeen(lines, `its console ended: ${reader.stderrTail().slice(-200)}`)),
  );
  const onAbort = (): void => seen.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const begun = performance.now();
  await options.begin();
  const timer = setTimeout(() => seen.resolve(notSeen(lines, null)), timeoutMs);
  const nudge = setInterval(() => void reader.stdin.write("\n"), NUDGE_MS);
  try {
    return { started: await seen.promise, console: lines.text() };
  } finally {
    clearTimeout(timer);
    clearInterval(nudge);
    signal.removeEventListener("abort", onAbort);
  }
}

const secondsSince = (begun: number): number => (performance.now() - begun) / 1000;

function notSeen(lines: ConsoleLines, why: string | null): Started {
  return { kind: "not-seen", why: why ?? explainConsole(lines.last(LAST_LINES)) };
}
