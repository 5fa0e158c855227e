// SPDX-License-Identifier: Apache-2.0
// Starts the command, and sets the exit code. The program is loaded once signals are heeded.
import "./interrupt.ts";

// A reader that went away (virt-p2v ... | head) is not a reason for a stack trace.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

const { runProgram } = await import("./program.ts");
// Modules are loaded in one go: a signal of meanwhile is heeded now, before anything is begun.
await new Promise((resolve) => setImmediate(resolve));
process.exitCode = await runProgram(process.argv.slice(2));
