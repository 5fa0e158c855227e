// SPDX-License-Identifier: Apache-2.0
// The two streams of a started script as one byte stream.
import type { Link } from "../core/index.ts";
import { joinStreams } from "../wire/index.ts";
import type { Started } from "./shell.ts";

const GRACE_MS = 5000;

/** Closing lets the agent end by itself first: it makes durable what it has, and frees its lock. */
export function linkOf(started: Started): Link {
  const stream = joinStreams(started.stdout, started.stdin);
  stream.on("error", () => undefined); // whoever reads or writes hears of it
  let open = true;
  return {
    stream,
    lastWords: () => started.stderrTail(),
    async [Symbol.asyncDispose]() {
      if (!open) return;
      open = false;
      started.stdin.end();
      const hard = setTimeout(() => started.child.kill("SIGKILL"), GRACE_MS);
      await started.exited;
      clearTimeout(hard);
      started.stdout.destroy(); // what it said last was not wanted
      await started.closed;
      stream.destroy();
    },
  };
}
