// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and its like, from the first moment: this file is loaded before the program, which takes a while.
const INTERRUPTED = 130;

/** null: the program is not loaded yet, so there is nothing to clean up. */
let interrupt: ((signal: string) => void) | null = null;
let count = 0;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => {
    count += 1;
    if (interrupt === null) {
      process.stderr.write("\nInterrupted: nothing was begun\n");
      process.exit(INTERRUPTED);
    }
    if (count === 1) {
      process.stderr.write("\nInterrupted: cleaning up; nothing of the source was written\n");
      interrupt(signal);
    } else if (count === 2) process.stderr.write("Still cleaning up; please wait\n");
  });

/** What was begun ends by `abort`, and cleans up. */
export function onInterrupt(abort: (signal: string) => void): void {
  interrupt = abort;
}

let hasReader = true;

/**
 * Who read our output went away (virt-p2v ... | head). That is no error, but what was begun is ended and cleaned up: nobody
 * would see how it goes on.
 */
export function readerLeft(): void {
  if (!hasReader) return;
  hasReader = false;
  if (interrupt === null) process.exit(0);
  interrupt("a closed output");
}
