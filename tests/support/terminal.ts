// SPDX-License-Identifier: Apache-2.0
// A command on a real terminal of 80x24 (tmux): what a person sees after each key.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../src/system/index.ts";

const ENOUGH_MS = 300_000;
/** What a shell adds to the number of the signal that ended a program. */
const SIGNALLED = 128;

export type Terminal = AsyncDisposable & {
  /** The rows as they are now, without blanks at their ends. */
  screen(): Promise<readonly string[]>;
  /** Keys by the names of tmux: `Enter`, `C-c`, or text. */
  press(...keys: readonly string[]): Promise<void>;
  /** The screen once `words` are on it; Error with the screen when they do not come, or the command ended. */
  see(words: RegExp): Promise<readonly string[]>;
  /** Waits for the end of the command. */
  exitCode(): Promise<number>;
};

type Options = {
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
};

export async function openTerminal(
  argv: readonly string[],
  { rows = 24, env = {} }: Options = {},
): Promise<Terminal> {
  const socket = `p2v-test-${randomUUID()}`;
  const settings = join(import.meta.dirname, "terminal.tmux.conf");
  const tmux = async (...words: readonly string[]): Promise<string> =>
    (await run(["tmux", "-L", socket, "-f", settings, ...words])).stdout;
  const given = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  await tmux("new-session", "-d", "-x", "80", "-y", `${rows}`, ...given, ...argv);
  const screen = async (): Promise<readonly string[]> =>
    (await tmux("capture-pane", "-p"))
      .split("\n")
      .slice(0, rows)
      .map((row) => row.trimEnd());
  // The pane is dead as soon as its terminal closes; the status stands there only once tmux has waited for the command.
  const ended = async (): Promise<number | null> => {
    const words = "#{pane_dead}:#{pane_dead_status}:#{pane_dead_signal}";
    const [dead, status = "", signal = ""] = (await tmux("display-message", "-p", words)).trim().split(":");
    if (dead !== "1" || (status === "" && signal === "")) return null;
    return status === "" ? SIGNALLED + Number(signal) : Number(status);
  };
  const until = async <T>(what: string, look: () => Promise<T | null>): Promise<T> => {
    for (const end = performance.now() + ENOUGH_MS; ; await sleep(100)) {
      const found = await look();
      if (found !== null) return found;
      if (performance.now() > end || (what !== "its end" && (await ended()) !== null))
        throw new Error(`Waited in vain for ${what}; the screen is\n${(await screen()).join("\n")}`);
    }
  };
  return {
    screen,
    press: async (...keys) => void (await tmux("send-keys", ...keys)),
    see: (words) =>
      until(`${words}`, async () => {
        const now = await screen();
        return words.test(now.join("\n")) ? now : null;
      }),
    exitCode: () => until("its end", ended),
    async [Symbol.asyncDispose]() {
      await tmux("kill-server");
    },
  };
}
