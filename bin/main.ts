// SPDX-License-Identifier: Apache-2.0
// Starts the command, and sets the exit code. The program is loaded once signals are heeded.
import { readerLeft } from "./interrupt.ts";

for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
    readerLeft();
  });

const { runProgram } = await import("./program.ts");
// Modules are loaded in one go: a signal of meanwhile is heeded now, before anything is begun.
await new Promise((resolve) => setImmediate(resolve));
process.exitCode = await runProgram(process.argv.slice(2));
