// SPDX-License-Identifier: Apache-2.0
// The program: finds which command was asked for, runs it, and prints errors. Its answer is the exit code.
import { EXIT_CODES, UserError } from "../src/core/index.ts";
import {
  parseCommandLine,
  renderCommandHelp,
  renderError,
  renderErrorJson,
  renderHelp,
  runCommand,
  takeCommand,
  VERSION,
  widthOf,
} from "../src/ui/index.ts";
import { onInterrupt } from "./interrupt.ts";
import { runRemoteSide } from "./remote.ts";

/** Commands that send disks. */
const COPIES: ReadonlySet<string> = new Set(["migrate", "copy", "wizard", "live"]);

/** Does what `args` ask for, and says what went wrong. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const abort = new AbortController();
  onInterrupt((signal) => {
    const advice = COPIES.has(args[0] ?? "")
      ? "Run the same command again to go on; what is durable at the destination is not sent again"
      : "Run the same command again";
    abort.abort(new UserError("interrupted", `Stopped by ${signal}`, { advice }));
  });
  try {
    return await dispatch(args, abort.signal);
  } catch (error) {
    const caught = abort.signal.aborted ? abort.signal.reason : error;
    // For scripts, whichever command it was: also where its arguments make no sense.
    if (caught instanceof UserError && args.includes("--json")) process.stdout.write(renderErrorJson(caught));
    process.stderr.write(renderError(caught, { columns: widthOf(process.stderr) }));
    return caught instanceof UserError ? EXIT_CODES[caught.area] : 1;
  }
}

async function dispatch(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    process.stderr.write(renderHelp());
    return EXIT_CODES.usage;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(rest[0] === undefined ? renderHelp() : renderCommandHelp(takeCommand(rest).command));
    return 0;
  }
  if (name === "--version" || name === "version") {
    process.stdout.write(`virt-p2v ${VERSION}\n`);
    return 0;
  }
  const served = await runRemoteSide(args, signal);
  if (served !== null) return served;
  const taken = takeCommand(args);
  const given = parseCommandLine(taken.command, taken.rest);
  if (given.flag("help")) {
    process.stdout.write(renderCommandHelp(given.command));
    return 0;
  }
  return await runCommand(given, { args, signal });
}
