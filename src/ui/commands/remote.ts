// SPDX-License-Identifier: Apache-2.0
// virt-p2v remote: a command on a server, with this terminal, and what to say when the connection breaks.
import { formatBytes, shown, UserError } from "../../core/index.ts";
import { parseHostUri } from "../../hosts/index.ts";
import { findPortable, runRemote } from "../../remote/index.ts";
import { quoteOnOneLine } from "../../system/index.ts";
import { parseCommandLine, takeCommand } from "../settings/index.ts";
import { VERSION } from "../version.ts";
import { type CommandRunner, tell } from "./context.ts";

const INTERRUPTED = 130;

export const runRemoteCommand: CommandRunner = async (given, { signal }) => {
  const [uri = "", ...words] = given.positionals;
  const destination = parseHostUri(uri);
  if (destination.kind === "dir")
    throw new UserError("host-wrong", "remote is for another computer", {
      advice: "Run the command itself here; or name a server: ssh://[user@]host[:port]",
    });
  checkWords(words);
  const portable = await findPortable(given.one("portable"), { version: VERSION, signal });
  const reachesOut = words.some((word) => word.includes("ssh://"));
  const end = await runRemote({
    destination,
    sshConfig: given.one("ssh-config"),
    portable,
    words,
    version: VERSION,
    streams: process,
    signal,
    onSend: (to) =>
      tell(`The portable file is sent to the server, once (${formatBytes(portable.sizeBytes)}): ${to}`),
    onWelcome: ({ found, begun, lostBytes, hasTerminal, hasAgent, earlier }) => {
      if (earlier !== null)
        tell(
          `An earlier job there ${earlier.code === null ? "was killed before its end" : `ended with code ${earlier.code}, and nobody saw it`}: ${commandOf(earlier.words)}`,
        );
      if (found) tell(`It runs there since ${clock(begun)}; this goes on where it was lost.`);
      if (lostBytes > 0) tell(`${formatBytes(lostBytes)} of what it printed meanwhile are no longer kept.`);
      if (!hasTerminal && process.stdin.isTTY && process.stdout.isTTY)
        tell(
          "The server has no script(1) of util-linux: the job has no terminal, and cannot ask. Add --yes.",
        );
      if (!hasAgent && reachesOut)
        tell(
          "No ssh agent came along: the server logs in to its destination with keys of its own, or not at all.",
        );
    },
  });
  const again = "Run the same command again to attach to it";
  switch (end.kind) {
    case "ended":
      return end.code;
    case "left":
      tell(`\nThe job goes on, on ${end.title}. ${again}.`);
      return signal.aborted ? INTERRUPTED : 0;
    case "taken":
      throw new UserError("remote-taken", `Another terminal has taken the job on ${end.title}`, {
        advice: again,
      });
    case "refused":
      throw new UserError(
        "remote-busy",
        `${end.title} runs another command since ${clock(end.begun)}: ${commandOf(end.words)}`,
        { advice: "Attach to it by that very command, and end it there with Ctrl-C; or wait for its end" },
      );
    case "failed":
      throw new UserError("remote-does-not-run", `The job on ${end.title} did not begin: ${shown(end.why)}`, {
        advice: "Put that right on the server, and run the same command again",
      });
    case "cut":
      throw new UserError(
        "link-lost",
        `The connection to ${end.title} broke${end.began ? "; the job goes on there" : ""}${end.why === "" ? "" : `: ${shown(end.why)}`}`,
        { advice: end.began ? again : "Run the same command again" },
      );
  }
};

/** A wrong word is said before anybody logs in: the other side is of the same version. */
function checkWords(words: readonly string[]): void {
  const { command, rest } = takeCommand(words);
  if (command.name === "remote")
    throw new UserError("command-unknown", "remote does not run itself", {
      advice: "Name the last server at once",
    });
  parseCommandLine(command, rest);
}

const commandOf = (words: readonly string[]): string => words.map(quoteOnOneLine).join(" ");

/** The server's begin by the clock here. */
const clock = (begun: string): string => {
  const date = new Date(begun);
  return Number.isNaN(date.getTime()) ? shown(begun) : date.toLocaleString("sv-SE");
};
