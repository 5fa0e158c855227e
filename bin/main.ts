// SPDX-License-Identifier: Apache-2.0
// The command: finds what was asked, runs it, prints errors, sets the exit code. The only place that exits.
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
} from "../src/ui/index.ts";

const abort = new AbortController();
let interrupts = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    interrupts += 1;
    if (interrupts === 1) {
      process.stderr.write("\nInterrupted: cleaning up; nothing of the source was written\n");
      const advice =
        "Run the same command again to go on; what is durable at the destination is not sent again";
      abort.abort(new UserError("interrupted", `Stopped by ${signal}`, { advice }));
    } else if (interrupts === 2) process.stderr.write("Still cleaning up; please wait\n");
  });
// A reader that went away (virt-p2v ... | head) is not a reason for a stack trace.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

async function main(args: readonly string[]): Promise<number> {
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
  const taken = takeCommand(args);
  const given = parseCommandLine(taken.command, taken.rest);
  if (given.flag("help")) {
    process.stdout.write(renderCommandHelp(given.command));
    return 0;
  }
  return await runCommand(given, { args, signal: abort.signal });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const caught = abort.signal.aborted ? abort.signal.reason : error;
  process.stderr.write(renderError(caught));
  if (caught instanceof UserError && process.argv.includes("--json"))
    process.stdout.write(renderErrorJson(caught));
  process.exitCode = caught instanceof UserError ? EXIT_CODES[caught.area] : 1;
}
