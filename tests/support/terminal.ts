// SPDX-License-Identifier: Apache-2.0
// A command on a real terminal of 80x24 (tmux): what a person sees after each key.
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../src/system/index.ts";

const ENOUGH_MS = 300_000;

export type Terminal = AsyncDisposable & {
  /** The rows as they are now, without blanks at their ends. */
  screen(): Promise<readonly string[]>;
  /** Keys by the names of tmux: `Enter`, `C-c`, or text. */
  press(...keys: readonly string[]): Promise<void>;
  /** The screen once `words` are on it; Error with the screen when they do not come, or the command ended. */
  see(words: RegExp): Promise<readonly string[]>;
  /** As when a person makes the window larger. */
  resize(columns: number): Promise<void>;
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
  const directory = await mkdtemp(join(tmpdir(), "p2v-terminal-"));
  const statusFile = join(directory, "status");
  // A trap, since Ctrl-C reaches the shell too; the command begins without it.
  const noting = ["sh", "-c", 'trap : INT TERM HUP; "$@"; echo $? >"$0"', statusFile];
  await tmux("new-session", "-d", "-x", "80", "-y", `${rows}`, ...given, ...noting, ...argv);
  const screen = async (): Promise<readonly string[]> =>
    (await tmux("capture-pane", "-p"))
      .split("\n")
      .slice(0, rows)
      .map((row) => row.trimEnd());
  // tmux may lose the status of a command that ends while it is busy: a shell writes it down.
  const ended = async (): Promise<number | null> => {
    const status = await readFile(statusFile, "utf8").catch(() => "");
    return status.endsWith("\n") ? Number(status) : null;
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
    resize: async (columns) => void (await tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`)),
    see: (words) =>
      until(`${words}`, async () => {
        const now = await screen();
        return words.test(now.join("\n")) ? now : null;
      }),
    exitCode: () => until("its end", ended),
    async [Symbol.asyncDispose]() {
      await tmux("kill-server");
      await rm(directory, { recursive: true, force: true });
    },
  };
}
